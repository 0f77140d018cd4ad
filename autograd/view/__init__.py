"""Views of graphs and programs, live in a notebook and as one HTML file: a script and its state."""

from autograd.files import write_file
from autograd.view.live import plain_number, plain_program
from autograd.view.module import module, style
from autograd.view.page import page
from autograd.view.widget import widget

__all__ = [
    "module",
    "page",
    "plain_number",
    "plain_program",
    "style",
    "widget",
    "write_file",
]
