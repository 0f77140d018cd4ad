"""Run the other libraries' side of each idiom in docs/coming-from.md, as far as they are installed.

`python -m tests.idioms` says of micrograd, PyTorch and JAX how many lines gave what the page says,
or that the library is not installed. `make test` runs our side, and holds both sides to each other.
Ends with 1 where a line gives something else.
"""

from __future__ import annotations

import argparse
import ast
import doctest
import importlib.metadata
import importlib.util
import math
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coming-from.md"
PACKAGES = {"micrograd": "micrograd", "PyTorch": "torch", "JAX": "jax"}  # name → what is imported
FLOAT32 = 1e-6  # relative: eight roundings of the others' single precision
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?(?:\d+\.?\d*(?:e[-+]?\d+)?|\binf\b|\bnan\b)")


class Idiom(NamedTuple):
    """What stands under one title: their code, and ours as doctests."""

    library: str
    title: str
    theirs: str
    ours: str

    @property
    def differs(self) -> bool:
        return self.title.startswith("Different")


def idioms() -> Iterator[Idiom]:
    """Those of the page that have two sides, in its order."""
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        library = next(name for name in PACKAGES if name in section.partition("\n")[0])
        for part in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
            blocks = BLOCK.findall(part)
            theirs = [block for block in blocks if ">>>" not in block]
            if theirs:
                ours = blocks[blocks.index(theirs[0]) + 1]
                yield Idiom(library, part.partition("\n")[0], "".join(theirs), ours)


def claims(theirs: str) -> list[tuple[ast.stmt, str | None]]:
    """Each statement of a block, with what the comment behind an expression says that it gives."""
    lines = theirs.splitlines()
    statements: list[tuple[ast.stmt, str | None]] = []
    for statement in ast.parse(theirs).body:
        rest = lines[(statement.end_lineno or 0) - 1].encode()[statement.end_col_offset :].decode()
        _, is_claim, claim = rest.partition("  # ")
        claimed = isinstance(statement, ast.Expr) and is_claim
        statements.append((statement, claim.strip() if claimed else None))
    return statements


def answers(ours: str) -> list[str]:
    """What our side gives, one for each of its lines that gives something."""
    examples = doctest.DocTestParser().get_examples(ours)
    return [(e.exc_msg or e.want).strip() for e in examples if e.want]


def agree(a: str, b: str) -> bool:
    """Whether two results have the same numbers in their order, or, without any, the same words."""
    if not NUMBER.search(a):
        return a == b
    left, right = ([float(n) for n in NUMBER.findall(text)] for text in (a, b))
    return len(left) == len(right) and all(map(_close, left, right))


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=FLOAT32) or (math.isnan(a) and math.isnan(b))


def run(theirs: str, names: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each claim of a block with its line and what it gave, an error by its name."""
    for statement, claim in claims(theirs):
        if claim is None:
            exec(compile(ast.Module([statement], []), "<theirs>", "exec"), names)
            continue
        line = ast.unparse(statement)
        try:
            given = repr(eval(line, names))
        except Exception as error:
            given = type(error).__name__
        yield line, claim, given


def check(library: str) -> bool:
    """Whether all that the page says of a library holds, or the library is not there."""
    package = PACKAGES[library]
    if importlib.util.find_spec(package) is None:
        print(f"{library}: {package} is not installed here, so its side was not run")
        return True
    names: dict[str, Any] = {}
    results = [r for i in idioms() if i.library == library for r in run(i.theirs, names)]
    wrong = [result for result in results if not agree(*result[1:])]
    for line, claim, given in wrong:
        print(f"{library}: {line} gave {given}, and the page says {claim}")
    version = importlib.metadata.version(package)
    print(
        f"{library} {version}: {len(results) - len(wrong)} of {len(results)} lines as the page says"
    )
    return bool(results) and not wrong


def main() -> int:
    """0 where nothing is otherwise than the page says."""
    argparse.ArgumentParser(prog="python -m tests.idioms", description=__doc__).parse_args()
    warnings.simplefilter("ignore")  # what the others say of their own parts
    held = [check(library) for library in PACKAGES]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
