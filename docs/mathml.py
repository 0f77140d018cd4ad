"""Formulas as MathML, which browsers draw by themselves: no script, and nothing to fetch."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
# What LaTeX knows and docutils does not. Delimiters keep their size: a larger one needs a font for
# formulas, and without one is drawn far too large.
SPELLINGS = {r"\\[bB]igg?[lr]?(?![a-z])": "", r"\\dots\b": r"\\ldots"}


def mathml(formula: str, *, as_block: bool = False) -> str:
    """A formula in LaTeX as a <math> element; MathError for what docutils cannot read."""
    for spelling, known in SPELLINGS.items():
        formula = re.sub(spelling, known, formula)
    return str(tex2mathml(formula, as_block=as_block))


def _append(translator: HTML5Translator, node: nodes.Element, before: str, after: str) -> None:
    formula = node.astext()
    try:
        translator.body += [before, mathml(formula, as_block=bool(before)), after]
    except MathError as error:
        LOGGER.warning("a formula cannot be shown: %s in %s", error, formula, location=node)
    raise nodes.SkipNode


def _inline(translator: HTML5Translator, node: nodes.Element) -> None:
    _append(translator, node, "", "")


def _block(translator: HTML5Translator, node: nodes.Element) -> None:
    _append(translator, node, '<div class="math-block">', "</div>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Make this the renderer of formulas."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
