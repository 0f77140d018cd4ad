"""A picture of a graph as DOT text: labels are quoted, colours follow the gradient."""

from __future__ import annotations

from math import inf, isfinite, nan

from autograd.wording import INFIX, number, symbol_between, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.collapse import Arrow, Box, Picture
    from autograd.value import Value

OPERANDS = 5  # operands of an operation that are shown where some are plain numbers
DENSE = 100  # arrows: above, and above the two a box of binary operations, numbers hide each other
PARALLEL = 8  # arrows from one node to another; more of them become one
GAP = "&#160;&#160;"

# The darkest fill keeps a contrast of 4.5 to the palest text, the bound of WCAG 2.1 for small text.
INK, QUIET, LINE = "#1b1b1b", "#444444", "#8a8a8a"
POSITIVE, NEGATIVE = (142, 188, 242), (250, 172, 128)  # blue and orange: the colour-blind tell them
UNCOLOURED, NOT_A_NUMBER = "#ffffff", "#ffe14d"
LINES = {1: "#3f7fc4", -1: "#d9702b", 0: LINE}  # by the sign of a local gradient
LIT = 'color="#6f2dbd" fontcolor="#6f2dbd" penwidth=2.5 arrowsize=0.8'  # violet
LOOKS = {
    "leaf": f'style=filled penwidth=2 color="{INK}"',
    "operation": "",
    "group": 'shape=box3d style=filled margin="0.12,0.1"',
}
SIDES = {
    "LR": "tailport=e headport=w",
    "RL": "tailport=w headport=e",
    "TB": "tailport=s headport=n",
    "BT": "tailport=n headport=s",
}
FONT = "Helvetica,Arial,sans-serif"


def dot_source(picture: Picture, rankdir: str) -> str:
    """The picture in DOT; equal pictures give equal text, ids begin with a digest of it."""
    from zlib import crc32

    digest = crc32(_body(picture, rankdir, "").encode("utf-8"))
    return _body(picture, rankdir, f"g{digest:08x}-")


def _body(picture: Picture, rankdir: str, prefix: str) -> str:
    number_of = {id(box): i for i, box in enumerate(picture.boxes)}
    scale = _scale(picture)
    dense = len(picture.arrows) > max(DENSE, 2 * len(picture.boxes))
    spacing = (
        "ranksep=2 splines=line ordering=in outputorder=edgesfirst" if dense else "ranksep=0.45"
    )
    lines = [
        "digraph computation {",
        f'graph [id="{prefix}graph" rankdir={rankdir} bgcolor=white pad=0.2 nodesep=0.18 {spacing} '
        f'fontname="{FONT}" fontsize=10 fontcolor="{QUIET}" labeljust=l '
        f"label=<{_caption(picture, scale, dense)}>]",
        f'node [shape=box style="rounded,filled" fontname="{FONT}" fontsize=11 '
        f'fontcolor="{INK}" color="{LINE}" margin="0.06,0.03" height=0.2 width=0.2]',
        f'edge [fontname="{FONT}" fontsize=9 fontcolor="{QUIET}" color="{LINE}" arrowsize=0.6]',
    ]
    for i, box in enumerate(picture.boxes):
        lines.append(f'n{i} [id="{prefix}n{i}" {_box(box, picture, scale)}]')
    edges = 0
    for arrow in picture.arrows:
        ends = f"n{number_of[id(arrow.start)]} -> n{number_of[id(arrow.stop)]}"
        for attributes in _arrow(arrow, SIDES[rankdir] if dense else ""):
            lines.append(f'{ends} [id="{prefix}e{edges}" {attributes}]')
            edges += 1
    return "\n".join([*lines, "}", ""])


# -- text ----------------------------------------------------------------------------------------


def text(words: str) -> str:
    r"""Words as they stand in a DOT label made of HTML, whatever characters they have.

    Control characters show as their pictures (␊ for a newline), what cannot be shown as �.

    >>> text('<b> & "\\"')
    '&lt;b&gt; &amp; &quot;&#92;&#92;&quot;'
    """
    shown = visible(words, len(words))
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        shown = shown.replace(character, entity)
    # dot reads \\N as the node's name and two backslashes as one, entities or not
    return shown.replace("\\", "&#92;&#92;").replace("  ", " &#160;")


def operation(node: Value) -> tuple[str, str]:
    """An operation with its plain numbers: `• × 2`, `clip(•, 0, 1)`, or `w·x` and `with 1, 2`."""
    op, operands = node.op, node.operands
    numbers = [number(x) for x in operands[: 2 * OPERANDS] if x.__class__ is float]
    if op is None or len(node.parents) == len(operands):
        return (op.symbol if op else ""), ""
    if len(operands) > OPERANDS or op.name == "dot":
        more = ", …" if len(operands) > 2 * OPERANDS else ""
        return op.symbol, f"with {', '.join(numbers)}{more}"
    shown = [number(x) if x.__class__ is float else "•" for x in operands]
    if op.name in INFIX:
        return f"{shown[0]} {symbol_between(op)} {shown[1]}", ""
    return f"{op.name}({', '.join(shown)})", ""


# -- colour --------------------------------------------------------------------------------------


def _scale(picture: Picture) -> float:
    """The largest finite |gradient| in the picture, 0.0 if all are zero."""
    grads = [
        abs(picture.grad(box.outputs[0]))
        for box in picture.boxes
        if len(box.outputs) == 1 and not box.hidden
    ]
    return max([g for g in grads if isfinite(g)], default=0.0)


def _colour(grad: float, scale: float) -> str:
    """White at 0 and full at ±scale, by the square root: small gradients are still seen."""
    if grad != grad:
        return NOT_A_NUMBER
    share = 1.0 if abs(grad) == inf else (abs(grad) / scale) ** 0.5 if scale else 0.0
    full = POSITIVE if grad > 0 else NEGATIVE
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in full)


# -- boxes ---------------------------------------------------------------------------------------


def _box(box: Box, picture: Picture, scale: float) -> str:
    if box.hidden:
        label = _quiet(f"… {_count(len(box.nodes), 'more node', 'more nodes')}")
        return f'class="hidden" style="rounded,dashed" label=<{label}>'
    group = len(box.nodes) > 1
    kind = "group" if group else "operation" if box.nodes[0].op else "leaf"
    fill = _colour(picture.grad(box.outputs[0]), scale) if len(box.outputs) == 1 else UNCOLOURED
    look = f'fillcolor="{fill}" ' + LOOKS[kind]
    if any(id(node) in picture.roots for node in box.outputs):
        kind += " root"
        look += " peripheries=2"
    return f'class="{kind}" {look} label=<{_table(box, picture, group)}>'


def _table(box: Box, picture: Picture, group: bool) -> str:
    node = box.outputs[0]
    title = f"<B>{text(visible(box.title))}</B>" if box.title else ""
    name, numbers = operation(node) if not (group and title) else ("", "")
    if name:
        title += f'{GAP if title else ""}<FONT POINT-SIZE="13">{text(name)}</FONT>'
    rows = [_wide(title)] if title else []
    if numbers:
        rows.append(_wide(_quiet(numbers)))
    if len(box.outputs) == 1:
        rows += [_row("data", number(node.data)), _row("grad", number(picture.grad(node)))]
    else:
        sizes = [abs(picture.grad(output)) for output in box.outputs]
        largest = nan if any(size != size for size in sizes) else max(sizes)
        rows += [_row("outputs", f"{len(box.outputs):,}"), _row("|grad| ≤", number(largest))]
    if group:
        leaves = sum(inside.op is None for inside in box.nodes)
        counted = _count(len(box.nodes), "node", "nodes")
        if leaves:
            counted += f", {_count(leaves, 'leaf', 'leaves')}"
        rows.append(_wide(_quiet(counted)))
    return _rows(rows)


def _rows(rows: Sequence[str]) -> str:
    cells = "".join(f"<TR>{row}</TR>" for row in rows)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{cells}</TABLE>'


def _wide(words: str) -> str:
    return f'<TD COLSPAN="2">{words}</TD>'


def _row(name: str, value: str) -> str:
    return f'<TD ALIGN="LEFT">{_quiet(name)}</TD><TD ALIGN="RIGHT">{value}</TD>'


def _quiet(words: str) -> str:
    return f'<FONT COLOR="{QUIET}" POINT-SIZE="9">{words}</FONT>'


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


# -- arrows, and what is written under the picture -----------------------------------------------


def _arrow(arrow: Arrow, sides: str) -> Sequence[str]:
    """The attributes of each line to draw: one an edge, but one for many, or between groups.

    Dense ones are thin, without numbers, and straight from one side to the other.
    """
    partials = arrow.local_grads
    lit = any(arrow.lit)
    if arrow.start.hidden or arrow.stop.hidden:
        look = "style=dashed" + (" constraint=false" if arrow.stop.hidden else "")
        return [_lit("hidden", look, lit)]
    if sides:
        colour = LINE if len(partials) > 1 else LINES[(partials[0] > 0) - (partials[0] < 0)]
        return [_lit("edges", f'color="{colour}" penwidth=0.7 arrowsize=0.4 {sides}', lit)]
    group = len(arrow.start.nodes) > 1 or len(arrow.stop.nodes) > 1
    if len(partials) > (1 if group else PARALLEL):
        return [_lit("edges", f'label="{len(partials):,} edges"', lit)]
    pairs = zip(partials, arrow.lit, strict=True)
    return [_lit("edge", f'label="{number(partial)}"', lit) for partial, lit in pairs]


def _lit(kind: str, look: str, lit: bool) -> str:
    """The attributes of an arrow; of those that are there twice, dot takes the last."""
    return f'class="{kind} lit" {look} {LIT}' if lit else f'class="{kind}" {look}'


def _caption(picture: Picture, scale: float, dense: bool) -> str:
    on_arrows = "orange and blue arrows: the local gradient is < 0, > 0"
    words = [
        "bold frame: leaf",
        "double frame: result",
        on_arrows if dense else "on an arrow: the local gradient",
    ]
    if any(len(arrow.stop.nodes) > 1 for arrow in picture.arrows):
        words[-1] += " where it enters"
    if any(True in arrow.lit for arrow in picture.arrows):
        words.append("violet: the paths explained")
    if not scale:
        words.append("all gradients are 0: call backward() first")
    rows = [*map(text, picture.note.splitlines())]
    if scale:
        steps = (-scale, -scale / 4, 0.0, scale / 4, scale)
        rows.append(GAP.join(["grad", *[_swatch(x, scale) for x in steps]]))
    rows.append(text(", ".join(words)))
    return _rows([f'<TD ALIGN="LEFT">{row}</TD>' for row in rows])


def _swatch(grad: float, scale: float) -> str:
    colour, square = (_colour(grad, scale), "■") if grad else (LINE, "□")
    return f'<FONT COLOR="{colour}">{square}</FONT> {number(grad)}'
