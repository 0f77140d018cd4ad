"""The run itself: a copy of the repository, and in it one mutant after the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutation import choice
from tests.mutation.baseline import PACKAGES, Baseline, environment
from tests.mutation.mutants import Mutant
from tests.mutation.results import CAUGHT, Results, identity
from tests.mutation.selection import OPTIONS, SUITE
from tests.mutation.source import Source

NOT_COPIED = ("dist", "out", "__pycache__", ".*")


def copied(root: Path, copy: Path) -> None:
    """All that a test may read, without what was made there."""
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED), dirs_exist_ok=True)


def sources_of(root: Path) -> dict[str, Source]:
    """Every module of the two packages, by its path."""
    paths = sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))
    names = [path.relative_to(root).as_posix() for path in paths]
    return {name: Source(name, _read(root / name)) for name in names}


class Judge:
    """A process in the copy that answers requests; `log` is what it prints."""

    def __init__(self, copy: Path, module: Sequence[str]) -> None:
        self.log = copy / f"{module[0]}.log"
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        env = environment(copy, copy / ".cache") | {"MUTANTS": f"{requests} {answers}"}
        with open(self.log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module], cwd=copy, env=env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, pass_fds=(requests, answers),
            )  # fmt: skip
        os.close(requests)
        os.close(answers)
        self._reading = os.fdopen(self._answers, encoding="utf-8")

    def ask(
        self, waves: Sequence[Sequence[str]], seconds: Mapping[str, float], **more: object
    ) -> dict[str, str]:
        limits = choice.limits([test for wave in waves for test in wave], seconds)
        request = json.dumps({"waves": waves, "limits": limits, **more})
        with open(self._requests, "w", encoding="utf-8", closefd=False) as writing:
            writing.write(request + "\n")
        line = self._reading.readline()
        if not line:
            raise RuntimeError(f"a process that judges mutants has ended; see {self.log}")
        answer: dict[str, str] = json.loads(line)
        return answer

    def close(self) -> None:
        os.close(self._requests)
        self._process.wait()
        self._reading.close()


class Campaign:
    """Judges mutants in a copy that is green as it stands, one at a time."""

    def __init__(
        self,
        copy: Path,
        baseline: Baseline,
        results: Results,
        budget: float,
        thoroughly: bool = False,
    ) -> None:
        self.copy = copy
        self.sources = sources_of(copy)
        self.touching = choice.Touching(baseline, self.sources)
        self.seconds = dict(baseline.seconds)
        self.results = results
        self.kills = choice.kills_by_file(results.rows)
        self.budget = budget
        self.thoroughly = thoroughly
        self.trusted: set[str] = {""}
        self._texts: dict[str, str] = {}
        loaded = ["pytest", "-p", "tests.mutation.loaded", "--capture=sys", *OPTIONS, *SUITE]
        self.quick = self._checked(Judge(copy, loaded))

    def result_of(self, mutant: Mutant) -> dict[str, Any]:
        """From an earlier run if nothing has changed since, else from this one."""
        tests = {t for t in self.touching.tests(mutant) if t in self.seconds}
        waves = choice.waves(mutant, tests, self.seconds, self.kills[mutant.path], self.budget)
        known = self.results.latest.get(mutant.key)
        if known and known["id"] == self._identity(mutant, known["by"], tests):
            return known
        start = time.monotonic()
        answer = self._judged(mutant, waves)
        row = {
            "id": self._identity(mutant, answer["by"], tests),
            "key": mutant.key,
            "path": mutant.path,
            "line": mutant.first_line,
            "operator": mutant.operator,
            **answer,
            "tests": sum(map(len, waves)),
            "seconds": round(time.monotonic() - start, 2),
        }
        self.results.add(row)
        if answer["by"]:
            self.kills[mutant.path][answer["by"].partition("::")[0]] += 1
        return row

    def _judged(self, mutant: Mutant, waves: Sequence[Sequence[str]]) -> dict[str, str]:
        """A test that fails without the mutant too is believed no more, and the rest run again."""
        while True:
            judge, answer = self._answer(mutant, waves)
            by = answer["by"]
            if answer["outcome"] not in CAUGHT or by in self.trusted:
                return answer
            before = [wave[: wave.index(by) + 1] for wave in waves if by in wave]
            if judge.ask(before, self.seconds)["outcome"] == "survived":
                self.trusted.add(by)
                return answer
            del self.seconds[by]
            waves = [[test for test in wave if test != by] for wave in waves]

    def _answer(
        self, mutant: Mutant, waves: Sequence[Sequence[str]]
    ) -> tuple[Judge, dict[str, str]]:
        """The quick judge's, and the thorough one's where that may have missed something."""
        if not self.thoroughly:
            old = self.sources[mutant.path].text
            with self._mutated(mutant):
                answer = self.quick.ask(waves, self.seconds, path=mutant.path, old=old)
            missed = answer["outcome"] == "survived" and self.touching.at_import(mutant)
            if answer["outcome"] != "refused" and not missed:
                return self.quick, answer
        judge = self.thorough  # started before the file is changed
        with self._mutated(mutant):
            return judge, judge.ask(waves, self.seconds)

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[None]:
        """Compiled code of the original is of another time than the mutant, and fits it again."""
        path = self.copy / mutant.path
        text, times = self.sources[mutant.path].text, path.stat()
        _write(path, mutant.applied(text))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 2 * 10**9))
        try:
            yield
        finally:
            _write(path, text)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def close(self) -> None:
        self.quick.close()
        if "thorough" in vars(self):
            self.thorough.close()

    @cached_property
    def thorough(self) -> Judge:
        return self._checked(Judge(self.copy, ["tests.mutation.bare"]))

    def _checked(self, judge: Judge) -> Judge:
        """It works: it finds the quickest test green. Every test that kills is tried like that."""
        answer = judge.ask([[min(self.seconds, key=lambda t: self.seconds[t])]], self.seconds)
        if answer["outcome"] != "survived":
            judge.close()
            raise RuntimeError(f"the original is not green: {answer}; see {judge.log}")
        return judge

    def _identity(self, mutant: Mutant, by: str, tests: set[str]) -> str:
        """Of a kill by its own statement and the killer's file; else by all that was looked at."""
        source = self.sources[mutant.path]
        if by:
            around = source.around(mutant.first_line)
            return identity(mutant.key, around, self._text(by.partition("::")[0]))
        files = sorted({test.partition("::")[0] for test in tests})
        return identity(mutant.key, f"{self.budget:g}", source.text, *map(self._text, files))

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = _read(self.copy / path)
        return self._texts[path]


def _read(path: Path) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def digest_of(root: Path) -> str:
    """Of all that the baseline hangs on."""
    files = sorted(p for name in ("autograd", "nn", "tests") for p in (root / name).rglob("*.py"))
    outside = [p for p in files if "mutation" not in p.parts]
    texts: Mapping[str, str] = {p.relative_to(root).as_posix(): _read(p) for p in outside}
    return identity(*texts, *texts.values())[:12]
