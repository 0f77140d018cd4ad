"""The script and the style sheet of a view, each joined from its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from autograd import frames, ieee, special, wording

FOLDER = Path(__file__).parent
STEPPER = "stepper.js"
STEPPER_STYLE = (
    "theme.css transport.css picture.css boxes.css arrows.css overview.css "
    "stepper.css panel.css leaves.css"
).split()

# What the script's functions share with Python's: these numbers are written down there alone.
CONSTANTS = {
    "TITLE": wording.TITLE,
    "OPERANDS": frames.OPERANDS,
    **{name: getattr(ieee, name) for name in ("BLOCK", "STRIPES")},
    **{
        name: getattr(special, name)
        for name in (
            "TWO_OVER_SQRT_PI ONE_OVER_SQRT_2 ONE_OVER_SQRT_2PI ERFC GELU_TURNS GELU_SLOPE "
            "PI HALF_LOG_2PI BERNOULLI ASYMPTOTIC HIGHEST_ORDER"
        ).split()
    },
}

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)


def module(entry: str | Path = STEPPER) -> str:
    """One ES module without imports: the entry file, after all that it imports.

    Each file is an ES module by itself; joined they share one scope, so their top-level names
    differ. `entry` is a file of this folder or a path, and what stands beside neither is an error:
    FileNotFoundError. `constants.js` is made here, from Python's own.
    """
    parts: dict[str, str] = {}
    _collect(FOLDER / entry, parts)
    return "\n".join(parts.values())


def style(files: Iterable[str | Path] = STEPPER_STYLE) -> str:
    """One style sheet: the given files of this folder, or paths, in their order."""
    return "\n".join([(FOLDER / file).read_text(encoding="utf-8") for file in files])


def _collect(path: Path, parts: dict[str, str]) -> None:
    """Add the file's text after that of each file it imports, each once."""
    if path.name in parts:
        return
    if path.name == "constants.js":
        parts[path.name] = f"const constants = {json.dumps(CONSTANTS)};\n"
        return
    text = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(text):
        beside = path.parent / name
        _collect(beside if beside.exists() else FOLDER / name, parts)
    parts[path.name] = f"// {path.name}\n{_EXPORT.sub('', _IMPORT.sub('', text))}"
