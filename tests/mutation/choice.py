"""The tests that a mutant meets: those that run its line, by file, the likeliest file first.

In front stand the tests of its module by name (`test_ops.py`, and its own doctests), then the
files that have killed most mutants of the same file, then the quickest. They come in two waves,
since most mutants fall to the first few tests and need not pay for loading the other files.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath

from tests.mutation.baseline import Baseline
from tests.mutation.mutants import Mutant
from tests.mutation.source import Source

FIRST_WAVE = 3.0  # seconds of tests, as the baseline measured them
LOADING = 0.5  # seconds: what one more file costs
LIMIT_FACTOR, LIMIT_SECONDS = 10.0, 10.0


def waves(
    mutant: Mutant,
    touching: set[str],
    seconds: Mapping[str, float],
    kills: Mapping[str, int],
    budget: float,
) -> list[list[str]]:
    """The chosen tests in order, of at most `budget` seconds in all.

    The module's own tests come in full: one may look at what a fixture did during another.
    """
    own = _own_files(mutant.path)
    by_file: dict[str, list[str]] = defaultdict(list)
    beside = {test for test in seconds if test.partition("::")[0] in own}
    for test in sorted(touching | beside, key=lambda t: (t not in touching, seconds[t], t)):
        by_file[test.partition("::")[0]].append(test)

    def rank(file: str) -> tuple[object, ...]:
        return (-kills.get(file, 0), file not in own, seconds[by_file[file][0]], file)

    first: list[str] = []
    then: list[str] = []
    spent = 0.0
    for file in sorted(by_file, key=rank):
        spent += LOADING
        for test in by_file[file]:
            if spent + seconds[test] > budget:
                break
            spent += seconds[test]
            (first if spent < FIRST_WAVE or not first else then).append(test)
    return [wave for wave in (first, then) if wave]


def limits(tests: Iterable[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """How long each may take: 10 s and 10 times what it took, or 3 times the longest of its file.

    A test may have to make what another of its file has made for all.
    """
    longest: dict[str, float] = {}
    for test, took in seconds.items():
        file = test.partition("::")[0]
        longest[file] = max(took, longest.get(file, 0.0))
    chosen = {}
    for test in tests:
        shared = 3.0 * longest[test.partition("::")[0]]
        chosen[test] = LIMIT_SECONDS + max(LIMIT_FACTOR * seconds[test], shared)
    return chosen


class Touching:
    """Which tests touch a mutant, also where its line runs once, when the module is loaded."""

    def __init__(self, baseline: Baseline, sources: Mapping[str, Source]) -> None:
        self.baseline = baseline
        self.sources = sources
        self.users: dict[str, list[tuple[str, range]]] = defaultdict(list)
        for path, source in sources.items():
            for function in _functions(source.tree):
                for name in _names(function):
                    self.users[name].append((path, _lines(function)))
        self.used_at_import = {n for s in sources.values() for n in _loaded_at_import(s.tree)}

    def tests(self, mutant: Mutant) -> set[str]:
        lines = range(mutant.first_line, mutant.last_line + 1)
        tests = self.baseline.tests_of(mutant.path, lines)
        if tests and mutant.inside:
            return tests
        return tests | self._indirectly(mutant) or self._of_the_file(mutant.path)

    def at_import(self, mutant: Mutant) -> bool:
        """Whether it also counts while modules are loaded and tests collected."""
        loading = self.baseline.loading.get(mutant.path, ())
        lines = range(mutant.first_line, mutant.last_line + 1)
        if mutant.inside:
            return mutant.inside == "function" and any(line in loading for line in lines)
        body = self.sources[mutant.path].tree.body
        defined = {n for s in body if mutant.first_line in _lines(s) for n in _stored(s)}
        return not defined or bool(defined & self.used_at_import)

    def _indirectly(self, mutant: Mutant) -> set[str]:
        """Through the function whose default it is, and through all that name what it defines."""
        tree, line = self.sources[mutant.path].tree, mutant.first_line
        places = [(mutant.path, _lines(f)) for f in _functions(tree) if line in _lines(f)]
        statements = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and line in _lines(n)]
        for name in {name for statement in statements for name in _stored(statement)}:
            places += self.users[name]
        return set().union(*(self.baseline.tests_of(path, lines) for path, lines in places))

    def _of_the_file(self, path: str) -> set[str]:
        return self.baseline.tests_of(path, self.baseline.lines.get(path, ()))


def kills_by_file(results: Iterable[Mapping[str, str]]) -> dict[str, Counter[str]]:
    """For each mutated file, how many of its mutants each test file has killed."""
    kills: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        if result["by"]:
            kills[result["path"]][result["by"].partition("::")[0]] += 1
    return kills


def _own_files(path: str) -> set[str]:
    stem = PurePath(path).stem
    return {path, f"tests/test_{stem}.py", f"tests/test_nn_{stem}.py"}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.Lambda]:
    kinds = ast.FunctionDef | ast.Lambda
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def _lines(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _names(node: ast.AST) -> set[str]:
    found = (getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(node))
    return {name for name in found if name}


def _loaded_at_import(node: ast.AST) -> Iterator[str]:
    """The names that are read where modules are loaded, so not in the body of a function."""
    for field, value in ast.iter_fields(node):
        if field == "body" and isinstance(node, ast.FunctionDef | ast.Lambda):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.Name | ast.Attribute) and isinstance(child.ctx, ast.Load):
                yield getattr(child, "id", getattr(child, "attr", ""))
            if isinstance(child, ast.AST):
                yield from _loaded_at_import(child)


def _stored(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    kinds = ast.Name | ast.Attribute
    stored = [n for n in ast.walk(node) if isinstance(n, kinds) and isinstance(n.ctx, ast.Store)]
    return {getattr(n, "id", getattr(n, "attr", "")) for n in stored}
