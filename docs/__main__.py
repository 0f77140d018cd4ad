"""Builds the documentation into out/docs; a warning is an error. Nothing is fetched."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs import offline, sources

CACHE = sources.ROOT / ".cache" / "docs"
OUTPUT = sources.ROOT / "out" / "docs"


def main() -> int:
    """Make the pages; 1 if there was a warning, or if a page would fetch something elsewhere."""
    argparse.ArgumentParser(prog="python -m docs", description=__doc__).parse_args()
    pages, beside = sources.sources()
    sources.write(CACHE / "source", pages)
    sources.write(CACHE / "beside", beside)
    sources.write(OUTPUT, {})
    failed = _build()
    wanted = [f"{path}: {url}" for path in OUTPUT.rglob("*") for url in offline.fetched(path)]
    if wanted:
        print("these would be fetched from the network:", *wanted, sep="\n", file=sys.stderr)
    if failed or wanted:
        return 1
    print(OUTPUT / "index.html")
    return 0


def _build() -> int:
    """Have Sphinx read and write everything: what it remembers of a build before may be old."""
    try:
        from sphinx.cmd.build import main as sphinx
    except ImportError:
        sys.exit("the documentation is built by Sphinx: pip install '.[docs]'")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env"]
    folders: list[str | Path] = ["-c", sources.HERE, "-d", CACHE / "doctrees"]
    return sphinx([*options, *map(str, [*folders, CACHE / "source", OUTPUT])])


if __name__ == "__main__":
    sys.exit(main())
