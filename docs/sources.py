"""What the pages are made of: files of this folder, the notebooks, the README, and the code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from docs import live, operations, reference

HERE = Path(__file__).parent
ROOT = HERE.parent
WHOLE = ["README.md", "CHANGELOG.md", "ACCURACY.md"]  # of the README other pages show parts


def sources() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Sphinx's sources, and files that stand beside its pages: the name of each, and its bytes."""
    written = [*HERE.glob("*.md"), *[ROOT / name for name in WHOLE]]
    made = {path.name: _without_last_lines(path.read_bytes()) for path in written}
    made["operations.md"] = operations.page().encode("utf-8")
    for name, text in reference.pages().items():
        made[f"reference/{name}"] = text.encode("utf-8")
    beside = {"live/neuron.html": live.neuron()}
    listed = "\n".join(f"notebooks/{path.stem}" for path in notebooks()).encode("utf-8")
    made["notebooks.md"] = made["notebooks.md"].replace(b"{notebooks}", listed)
    for path in (ROOT / "notebooks").iterdir():
        if path.suffix == ".ipynb":
            notebook, pages = live.with_live_views(json.loads(path.read_bytes()), path.stem)
            text = json.dumps(notebook, ensure_ascii=False)
            made[f"notebooks/{path.name}"] = text.encode("utf-8")
            beside |= pages
        elif path.suffix in {".svg", ".png"}:
            made[f"notebooks/{path.name}"] = path.read_bytes()
    return made, beside


def notebooks() -> list[Path]:
    """In the order of their numbers."""
    paths = (ROOT / "notebooks").glob("*.ipynb")
    return sorted(paths, key=lambda path: int(path.stem.partition("-")[0]))


def _without_last_lines(markdown: bytes) -> bytes:
    """A doctest ends with an empty line, which would be shown."""
    return markdown.replace(b"\n\n```\n", b"\n```\n")


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Make the folder hold these files and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
