"""One HTML file that needs no network and no kernel: script, style and data in one."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any

from autograd.files import write_file

MOUNT = """
{
  const state = JSON.parse(document.getElementById("state").textContent);
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on() {},
  };
  MOUNT_FUNCTION(document.getElementById("view"), model);
}
"""
FILL = "html, body { margin: 0; height: 100%; } #view { min-height: 100%; }"


def page(
    title: str, script: str, style: str, state: Mapping[str, Any], mount: str = "mount"
) -> str:
    """The text of an HTML file in which `mount(element, model)` of the script shows the state.

    `state` is ready for JSON. The page's own policy (CSP) lets only this script and this style
    sheet run, by their digests, and forbids every request.

    >>> text = page("<T>", "function mount() {}", "", {"label": "</script>"})
    >>> "&lt;T&gt;" in text, text.count("</script>")
    (True, 2)
    """
    whole = script + MOUNT.replace("MOUNT_FUNCTION", mount)
    sheet = f"{style}\n{FILL}"
    policy = (
        f"default-src 'none'; script-src '{_digest(whole)}'; style-src '{_digest(sheet)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{sheet}</style>\n</head>\n<body>\n"
        '<div id="view"></div>\n'
        f'<script type="application/json" id="state">{_json(state)}</script>\n'
        f'<script type="module">{whole}</script>\n</body>\n</html>\n'
    )


def save_page(path: str | os.PathLike[str], html: str) -> None:
    """Write the file, whole or not at all; ValueError for another suffix than .html."""
    name = os.fspath(path)
    if not name.lower().endswith(".html"):
        raise ValueError(f"a page is saved as .html, not as {name!r}")
    write_file(name, html.encode("utf-8"))


def _json(state: Mapping[str, Any]) -> str:
    """JSON inside of an element: no `<` that a parser could take for the end of it."""
    text = json.dumps(state, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")
