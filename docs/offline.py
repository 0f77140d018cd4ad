"""What a page would fetch from the network when it is opened: nothing, or it is no page of ours."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

ELSEWHERE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
NEVER_FETCHED = {"canonical", "next", "prev", "index", "search", "license", "author"}  # of a <link>


def fetched(path: Path) -> list[str]:
    """The addresses on other machines that an HTML file or a style sheet loads something from."""
    if path.suffix == ".css":
        return _of_style(path.read_text(encoding="utf-8"))
    if path.suffix == ".html":
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        return reader.found
    return []


def _of_style(style: str) -> list[str]:
    urls = [a or b for a, b in IN_STYLE.findall(style)]
    return [url for url in urls if ELSEWHERE.match(url)]


class _Reader(HTMLParser):
    """Collects what tags load; where a link leads that a reader may follow does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_style = tag == "style"
        values = {name: value or "" for name, value in attrs}
        loads = [values.get(name, "") for name in ("src", "srcset", "data", "poster")]
        if tag == "link" and not NEVER_FETCHED & set(values.get("rel", "").split()):
            loads.append(values.get("href", ""))
        self.found += [url for url in loads if ELSEWHERE.match(url)]
        self.found += _of_style(values.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.found += _of_style(data)
