"""Views of graphs and programs, live in a notebook and as one HTML file: a script and its state."""

from autograd.draw import image_of
from autograd.view.live import UNTRACEABLE, plain_program
from autograd.view.module import module, style
from autograd.view.outputs import Outputs
from autograd.view.page import page, save_page
from autograd.view.widget import widget
from autograd.wording import plain_number

__all__ = [
    "Outputs",
    "UNTRACEABLE",
    "image_of",
    "module",
    "page",
    "plain_number",
    "plain_program",
    "save_page",
    "style",
    "widget",
]
