"""Live views for pages without a kernel: each view of a notebook as the HTML file that it saves."""

from __future__ import annotations

import ast
import copy
import io
import os
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autograd import Value, step, tanh

PICTURE_OF_A_VIEW = 'data-still="'  # what the output of a live view begins with
WITHOUT_KERNEL = "Where no kernel runs you see their pictures."
HERE = "They are live on this page too, without a kernel."


def neuron() -> bytes:
    """The page of the neuron that the README begins with."""
    x, w, b = Value(2.0, label="x"), Value(-0.5, label="w"), Value(1.5, label="b")
    return _page(step(y := tanh(w * x + b), names={"y": y}))


def with_live_views(notebook: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The notebook with a frame for each live view that it keeps a picture of, and the pages.

    The frames refer to `../live/<name>-<number>.html`, which are the second result. A notebook
    without views is given back as it is; the code of one with views is run. Where its words say
    that one sees pictures, they say that the views are live.
    """
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if not any(map(_keeps_a_view, cells)):
        return notebook, {}
    notebook = copy.deepcopy(notebook)
    for cell in (cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"):
        cell["source"] = "".join(cell["source"]).replace(WITHOUT_KERNEL, HERE)
    pages: dict[str, bytes] = {}
    variables: dict[str, Any] = {"__name__": "__main__"}
    os.environ.setdefault("MPLBACKEND", "agg")
    for cell in (cell for cell in notebook["cells"] if cell["cell_type"] == "code"):
        shown = _run("".join(cell["source"]), variables)
        if _keeps_a_view(cell):
            file = f"live/{name}-{len(pages) + 1}.html"
            pages[file] = _page(shown)
            for output in filter(_is_a_view, cell["outputs"]):
                output["data"] = {"text/html": _frame(file, "".join(output["data"]["text/plain"]))}
    return notebook, pages


def _keeps_a_view(cell: dict[str, Any]) -> bool:
    return any(map(_is_a_view, cell["outputs"]))


def _is_a_view(output: dict[str, Any]) -> bool:
    return PICTURE_OF_A_VIEW in "".join(output.get("data", {}).get("text/html", ""))


def _run(source: str, variables: dict[str, Any]) -> Any:
    """The value of a cell's last expression, None where it ends with a statement."""
    body = ast.parse(source).body
    last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
    if last:
        body.pop()
    with redirect_stdout(io.StringIO()):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), variables)
        return last and eval(compile(ast.Expression(last.value), "<cell>", "eval"), variables)


def _page(view: Any) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "view.html"
        view.save(path)
        return path.read_bytes()


def _frame(file: str, title: str) -> str:
    return (
        f'<iframe class="live" src="../{file}" title="{escape(title)}" loading="lazy"></iframe>\n'
        f'<p class="live"><a href="../{file}">this view by itself</a></p>'
    )
