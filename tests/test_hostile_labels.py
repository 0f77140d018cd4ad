"""Labels are text and nothing else: in pictures, in pages and in a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograd import Value, draw, explain, step

PICTURES = 20  # each starts dot once, some 40 ms
PAGES = 20  # each is some 200 kB to read
WIDE = 100_000  # characters
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
DRAWN = {SVG + tag for tag in "svg g title text polygon polyline path ellipse".split()}
ATTRIBUTES = set(
    "id class width height viewBox transform fill stroke stroke-width stroke-dasharray "
    "points d x y cx cy rx ry text-anchor font-family font-size font-weight".split()
)
# The whole of a page: its script and its style are in it, and nothing asks for more.
PAGE = {
    "html": ["lang"],
    "head": [],
    "meta": ["charset", "content", "http-equiv", "name"],
    "title": [],
    "style": [],
    "body": [],
    "div": ["id"],
    "script": ["id", "type"],
}
ELEMENTS = ["html", "head", "meta", "meta", "meta", "meta", "title", "style", "body", "div"]
ELEMENTS += ["script", "script"]

PIECES = [
    "<script>alert(1)</script>",
    "</script>",
    "</SCRIPT >",
    "<!--",
    "]]>",
    "&lt;",
    "&#0;",
    "&",
    '"',
    "'",
    "\\",
    "\\N\\G\\l",
    "{|<p>}",
    "<b>",
    "\n",
    "\r",
    "\t",
    "\0",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\u200f",
    "\ud800",
    "\udfff",
    "\ufffe",
    "${1}",
    "%s",
    "`",
    "javascript:alert(1)",
    'onload="alert(1)"',
]
Labels = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()), max_size=8),
    min_size=1,
    max_size=4,
).map("".join)


def hostile(label: str) -> Value:
    """A graph whose leaf, operation and neuron have the label."""
    x = Value(2.0, label=label)
    inner = (x * 3.0).sin()
    inner.label = f"layers.0.{label}"
    root = inner * x
    root.label = label
    return root


def kept(label: str, most: int) -> str:
    """The characters of a label that are certain to be seen: letters, digits and signs of ASCII."""
    return "".join(c for c in label[: most - 1] if " " < c < "\x7f")


def is_seen(label: str, text: str, most: int) -> bool:
    """Whether these characters stand in a text in their order."""
    rest = iter(text)
    return all(c in rest for c in kept(label, most))


# -- pictures ------------------------------------------------------------------------------------


@settings(max_examples=PICTURES)
@given(Labels)
@example("".join(PIECES))
@example("".join(PIECES)[40:])
@example("".join(PIECES)[80:])
@example("".join(reversed(PIECES)))
@example("<" * WIDE)
@example("\\" * WIDE)
def test_a_picture_has_the_elements_of_a_picture_whatever_the_labels(label: str) -> None:
    root = hostile(label)
    for picture in (draw(root), explain(root.parents[1], root).draw(collapse="neuron")):
        tree = ElementTree.fromstring(picture.svg())
        assert {element.tag for element in tree.iter()} <= DRAWN
        assert {name for element in tree.iter() for name in element.attrib} <= ATTRIBUTES
        for element in tree.iter():
            for name, attribute in element.attrib.items():
                assert not re.search(r"url\(|script|<", attribute), (name, attribute)
        shown = "".join("".join(text.itertext()) for text in tree.iter(SVG + "text"))
        assert is_seen(label, shown, 40)


# -- pages ---------------------------------------------------------------------------------------


class Judge(HTMLParser):
    """What a browser's parser would find in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(tag, name) for name, _ in attrs]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.text.setdefault(self.elements[-1] if self.elements else "", []).append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"comment {data[:40]!r}")

    def unknown_decl(self, data: str) -> None:
        self.elements.append(f"declaration {data[:40]!r}")


@settings(max_examples=PAGES)
@given(Labels)
@example("".join(PIECES))
@example("".join(reversed(PIECES)))
@example("<" * WIDE)
@example("</script" * (WIDE // 8))
@example("\ud800\0" * (WIDE // 2))
def test_a_page_has_its_own_elements_whatever_the_labels(label: str) -> None:
    root = hostile(label)
    text = explain(root.parents[1], root).step().html()
    text.encode("utf-8")
    judge = Judge()
    judge.feed(text)
    judge.close()
    assert judge.elements == ELEMENTS
    assert all(name in PAGE[tag] for tag, name in judge.attributes)
    document = json.loads(re.findall(r'id="state">(.*?)</script>', text, re.S)[0])["document"]
    assert all(is_seen(label, name, 200) for name in document["name"][:1])
    assert is_seen(label, "".join(judge.text["title"]), 40) or len(label) > 40
    assert plain(" ".join(document["name"]))


# -- a terminal ----------------------------------------------------------------------------------


def plain(text: str) -> bool:
    """Whether a terminal only writes it: no control, no turn of direction, no half of a pair."""
    return not {unicodedata.category(c) for c in text} & {"Cc", "Cs", "Co", "Cn"} and not set(
        text
    ) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029")


@given(Labels)
@example("".join(PIECES))
@example("\x1b" * WIDE)
def test_no_label_writes_more_than_text_to_a_terminal(label: str) -> None:
    root = hostile(label)
    x = root.parents[1]
    for text in (str(step(root)), str(explain(x, root)), str(explain(root, x))):
        assert plain(text.replace("\n", ""))
        assert len(text.splitlines()) == text.count("\n") + 1 <= 20
        assert max(map(len, text.splitlines())) < 1_000
        assert is_seen(label, text, 40)
    assert repr(step(root)).isprintable()
