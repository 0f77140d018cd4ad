"""How Sphinx makes the pages: its settings, and what it is told about our docstrings."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sphinx.application import Sphinx  # noqa: E402  # the path comes first

from docs import reference  # noqa: E402
from docs.docstrings import as_rst  # noqa: E402
from docs.links import links_of  # noqa: E402

project = "stepgrad"
author = "the stepgrad authors"
project_copyright = author
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "myst_nb", "docs.mathml"]
exclude_patterns = ["README.md"]  # other pages include parts of it

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks are kept executed
nb_mime_priority_overrides = [  # the picture of a live view, not the widget that has no kernel
    ("html", "application/vnd.jupyter.widget-view+json", None),
    ("html", "text/html", 0),
]

autodoc_member_order = "bysource"
autodoc_type_aliases = {name: name for name in reference.TYPES}
autosummary_generate = False
autodoc_typehints_format = "short"
maximum_signature_line_length = 80
add_module_names = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
# Types in signatures are links where they can be; what a text names is a py:obj, and must be there.
nitpick_ignore_regex = [("py:class", ".*")]

html_math_renderer = "mathml"
html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = project
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_extra_path = [str(ROOT / ".cache" / "docs" / "beside")]
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []


ALIAS = re.compile(r"TypeAliasForwardRef\('(\w+)'\)")


def _docstring(
    app: Sphinx, what: str, name: str, public: object, options: object, lines: list[str]
) -> None:
    lines[:] = as_rst(lines, links_of(name, public))


def _signature(
    app: Sphinx,
    what: str,
    name: str,
    public: object,
    options: object,
    text: str | None,
    result: str | None,
) -> tuple[str, str] | None:
    """The names of types as they are, where autodoc prints an object of its own around them."""
    if text is None:
        return None
    return ALIAS.sub(r"\1", text), ALIAS.sub(r"\1", result or "")


def setup(app: Sphinx) -> None:
    """Have every docstring and every signature read as what it is."""
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("autodoc-process-signature", _signature)
