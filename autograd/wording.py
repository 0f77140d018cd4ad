"""How numbers, labels and nodes are called in pictures, steps and explanations."""

from __future__ import annotations

from collections import Counter

from autograd.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autograd.ops import Op

TITLE = 40  # characters of a label that are shown
INFIX = {"add", "subtract", "multiply", "divide", "remainder", "floor_divide", "pow"}


def number(x: float) -> str:
    """Four significant digits.

    >>> number(0.1 + 0.2), number(-1234567.0), number(2.0)
    ('0.3', '-1.235e6', '2')
    """
    mantissa, e, exponent = f"{x:.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def visible(label: str, most: int = TITLE) -> str:
    r"""At most so many characters of a label, none of them invisible or a control character.

    Control characters become their pictures (␊ for a newline), what cannot be shown becomes �.

    >>> visible("a\nb"), visible("x" * 100, most=5)
    ('a␊b', 'xxxx…')
    """
    if len(label) > most:
        label = label[: most - 1] + "…"
    if label.isprintable():
        return label
    return "".join(map(_visible, label))


def _visible(character: str) -> str:
    if character < " ":
        return chr(0x2400 + ord(character))
    if character.isprintable() or character in "\u200c\u200d":  # joiners: letters need them
        return character
    return " " if character.isspace() else "�"


def plain_number(x: float) -> float | str:
    """The float itself if JSON knows it, else its name.

    >>> plain_number(-0.0), plain_number(float("-inf"))
    (-0.0, '-inf')
    """
    return x if x - x == 0 else repr(x)


def symbol_between(op: Op) -> str:
    """What stands between two operands: `^` for a power, whose symbol is no infix."""
    return "^" if op.name == "pow" else op.symbol


# -- names ---------------------------------------------------------------------------------------


def known_names(names: Mapping[str, object] | None) -> dict[int, str]:
    """The name of each Value among the caller's variables, by its id; the first one counts.

    A variable goes before a list's element. Names that begin with _ are not the caller's own:
    a notebook keeps its last results in such ones. TypeError unless `names` is a mapping or None.
    """
    return {} if names is None else dict(_named(names))


def _named(names: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    """(id of a Value, its name), later ones before earlier: a dict of them keeps the first name."""
    if not hasattr(names, "items"):
        raise TypeError(f"names is a mapping such as locals(), not {type(names).__name__}")
    variables = [(f"{name}", x) for name, x in names.items() if not f"{name}".startswith("_")]
    for name, x in reversed(variables):
        for key, element in reversed(_elements(x)):
            if isinstance(element, Value) and isinstance(key, (int, str)):
                yield id(element), f"{name}[{key!r}]"
    for name, x in reversed(variables):
        if isinstance(x, Value):
            yield id(x), name


def _elements(x: object) -> list[tuple[object, object]]:
    if isinstance(x, dict):
        return list(x.items())
    return list(enumerate(x)) if isinstance(x, (list, tuple)) else []


def given_names(order: Sequence[Value], names: Mapping[str, object] | None = None) -> list[str]:
    """Each node's name among the caller's variables, else its label, else ""."""
    known = known_names(names)
    return [known.get(id(node)) or node.label for node in order]


def names_of(
    order: Sequence[Value], names: Mapping[str, object] | None = None, most: int = TITLE
) -> list[str]:
    """A name for every node of a topological order: its own, `v3` by position, or L for the last.

    Where several nodes have one name, from the second on they are numbered: `y`, `y #2`.

    >>> x = Value(2.0, label="x")
    >>> from autograd import topological_order
    >>> names_of(topological_order((x * x).exp()))
    ['x', 'v1', 'L']
    """
    given = [visible(name, most) for name in given_names(order, names)]
    taken, seen = set(given), Counter[str]()
    made = []
    for i, name in enumerate(given):
        if not name.strip():
            name = "L" if i == len(given) - 1 and "L" not in taken else f"v{i}"
            while name in taken:
                name += "′"
        seen[name] += 1
        made.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return made
