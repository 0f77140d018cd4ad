"""The same bits in every process, whatever the seed of Python's hashes and the places in memory.

`python -m tests.thorough bits` compares what is compiled as well.
"""

from tests.fingerprint import engine, prints

PROCESSES = 20


def test_twenty_processes_with_different_hash_seeds_make_the_same_bits() -> None:
    printed = set(prints(PROCESSES))
    assert len(printed) == 1
    names = [line.rpartition(" ")[0] for line in printed.pop().splitlines()]
    assert names == list(engine())
