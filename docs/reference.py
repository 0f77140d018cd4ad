"""The reference: a place, among its like, for every public name; Sphinx adds its docstring."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from inspect import isclass, isroutine
from types import ModuleType
from typing import NamedTuple

PACKAGES = ("autograd", "autograd.testing", "autograd.view", "nn")


class Section(NamedTuple):
    """Names of one package that belong together, and one sentence about them."""

    page: str
    package: str
    title: str
    sentence: str
    names: str


# fmt: off
PAGES = {  # file: title
    "values":      "Values and graphs",
    "functions":   "Functions of Values",
    "transforms":  "Derivatives of functions",
    "compiled":    "Machine code",
    "pictures":    "Pictures and steps",
    "testing":     "Checks of gradients",
    "networks":    "Networks",
    "training":    "Training",
    "after":       "What was learned",
    "views":       "Views of your own",
}
SECTIONS = [
    Section("values", "autograd", "The number that remembers",
            "One class is the whole engine: a number, its gradient, and how it was computed.",
            "Value topological_order"),
    Section("values", "autograd", "What went wrong, and where",
            "Two `with` statements: they find who made a bad number, and the line behind a node.",
            "detect_anomaly trace_source"),
    Section("functions", "autograd", "Arithmetic",
            "What the operators of Values do, as functions.",
            "add subtract multiply divide pow negative abs remainder floor_divide"),
    Section("functions", "autograd", "Powers, exponentials and logarithms",
            "Each keeps its digits where the obvious formula loses them.",
            "sqrt cbrt exp exp2 expm1 log log1p log2 log10 hypot"),
    Section("functions", "autograd", "Trigonometry",
            "Angles are in radians.",
            "sin cos tan asin acos atan atan2"),
    Section("functions", "autograd", "Hyperbolic functions",
            "Right in both tails, as are their derivatives.",
            "sinh cosh tanh asinh acosh atanh"),
    Section("functions", "autograd", "Activations",
            "What stands after the weighted sum of a neuron.",
            "relu leaky_relu elu sigmoid softplus silu gelu"),
    Section("functions", "autograd", "Probability and special functions",
            "What statistics needs, to every order of derivative.",
            "erf erfc gaussian normal_pdf normal_cdf lgamma polygamma"),
    Section("functions", "autograd", "Many numbers in one node",
            "A sum of a thousand terms is one node of the graph, not a thousand.",
            "sum dot maximum minimum logsumexp softmax cross_entropy take"),
    Section("functions", "autograd", "Choosing and rounding",
            "What has steps or branches, with a derivative wherever there is one.",
            "where clip floor ceil round sign"),
    Section("functions", "autograd", "Comparisons",
            "They give a bool, no node; on traced Values a truth value for `where`.",
            "equal not_equal less less_equal greater greater_equal "
            "logical_and logical_or logical_not"),
    Section("transforms", "autograd", "Gradients",
            "A function in, the function that gives its derivative out; they nest to any order.",
            "grad value_and_grad jacobian hessian"),
    Section("transforms", "autograd", "Products with a derivative",
            "The derivative of many numbers by many, times a vector, without the matrix.",
            "vjp jvp hvp"),
    Section("compiled", "autograd", "Compiling, and many samples at once",
            "A function is traced once and becomes a loop of machine code over samples.",
            "jit vmap"),
    Section("pictures", "autograd", "The picture",
            "A graph as it is now, in a notebook or as a file.",
            "draw Drawing"),
    Section("pictures", "autograd", "The steps",
            "Both passes, one frame at a time.",
            "step Stepper"),
    Section("pictures", "autograd", "The reasons",
            "A gradient as a sum over paths, the largest first.",
            "explain Explanation"),
    Section("testing", "autograd.testing", "Finite differences",
            "Derivatives from values alone, to hold a gradient against.",
            "check_grads GradientError finite_difference FiniteDifference"),
    Section("testing", "autograd.testing", "Strategies for Hypothesis",
            "Random operands, Values and whole graphs, for tests of your own.",
            "arguments values expressions Expression"),
    Section("networks", "nn", "Layers",
            "Perceptrons, side by side, one after the other, or slid over an image.",
            "Perceptron Layer Dropout Conv2d MaxPool2d AvgPool2d Flatten Unflatten"),
    Section("networks", "nn", "Whole networks",
            "Layers joined; a network is a decision function that is itself learned.",
            "Module Sequential MLP"),
    Section("networks", "nn", "Language models",
            "A transformer on single scalars, and the parts that it is made of.",
            "GPT Embedding Linear RMSNorm CausalSelfAttention"),
    Section("networks", "nn", "Activations by name",
            "What `activation=\"tanh\"` means, and how weights begin before it.",
            "ACTIVATIONS linear"),
    Section("networks", "nn", "Initialisation",
            "How large weights begin, so that signals and gradients neither die out nor blow up.",
            "glorot_uniform glorot_normal he_uniform he_normal"),
    Section("training", "nn", "Fitting",
            "Gradient descent on a loss over the samples, compiled unless told otherwise.",
            "fit train Record watch Watched"),
    Section("training", "nn", "Losses",
            "A loss is a function of one prediction and its target; training takes the mean.",
            "binary_cross_entropy cross_entropy hinge mse"),
    Section("training", "nn", "Texts",
            "Training on lists of token numbers, each of a length of its own.",
            "fit_texts next_token_loss"),
    Section("training", "nn", "Optimisers",
            "A rule for one parameter, written in the engine's own operations.",
            "SGD Adam AdamW Optimizer OptimizerState"),
    Section("training", "nn", "Learning rates that change",
            "A schedule stands where a learning rate may stand.",
            "Constant StepDecay ExponentialDecay LinearDecay CosineDecay"),
    Section("training", "nn", "Data",
            "Data sets that need no network, and how to prepare your own.",
            "datasets names"),
    Section("after", "nn", "Predictions and how good they are",
            "What the model says of samples, as numbers, classes and scores.",
            "predict decide accuracy mean_absolute_error r_squared"),
    Section("after", "nn", "New texts",
            "A language model asked for one token after the other.",
            "generate"),
    Section("after", "nn", "Plots",
            "Each takes and gives matplotlib's Axes.",
            "plot_loss plot_decision_boundary plot_hidden_features plot_images"),
    Section("after", "nn", "Files",
            "A model is one safetensors file, judged whole before anything of it is used.",
            "save load ModelFileError"),
    Section("views", "autograd.view", "Pages and widgets",
            "One script and its state, live in a notebook or as one HTML file.",
            "module style page save_page widget Outputs"),
    Section("views", "autograd.view", "What a view shows",
            "Pictures, numbers and programs as a page can hold them.",
            "image_of plain_number plain_program UNTRACEABLE"),
]
# fmt: on
TYPES = {  # names of types in signatures that stand for longer ones, and what such an argument is
    "T": "float where all arguments are floats, Value where one of them is",
    "Tree": "numbers in any nesting of lists, tuples, dicts, dataclasses, arrays and modules",
    "Scalar": "one number: a Value or a float",
    "Axes": "matplotlib's own, or for `vmap` along which axis of each argument the samples lie",
    "Samples": "a list of samples, each a list of its features, or an array of such rows",
    "Targets": "a list of targets, one for each sample, or an array of them",
    "Number": "a Value or a float",
    "Prediction": "what a model gives for one sample: a list of numbers",
    "Predictions": "a list of predictions as lists of floats, as `nn.predict` gives it",
    "Loss": "a function of one prediction and its target that gives one number",
    "Metric": "a function of predictions and targets, as floats, that gives a float",
    "Activation": "a function of one number that gives one",
    "Initialization": "a function of a random generator, fan_in and fan_out that gives one weight",
    "FilePath": "a str, or a path object",
}
CONSTANTS = {  # these carry no docstring of their own
    "nn.ACTIVATIONS": "Name → the activation and the name of the initialisation that suits it.",
    "autograd.view.UNTRACEABLE": "What a function of the user's own may raise when it is traced.",
}


def pages() -> dict[str, str]:
    """Each page's file, and its text in reStructuredText."""
    made = {f"{page}.rst": _page(page, title) for page, title in PAGES.items()}
    listed = "\n   ".join(PAGES)
    types = "".join(f"``{name}``\n   {what.replace('`', '``')}.\n" for name, what in TYPES.items())
    made["index.rst"] = (
        f"{_heading('Reference', '=')}"
        "Every public name, with its docstring; the examples are run by the tests.\n\n"
        f".. toctree::\n   :maxdepth: 2\n\n   {listed}\n\n"
        f"{_heading('Types in signatures', '-')}{types}"
    )
    return made


def _page(page: str, title: str) -> str:
    sections = [section for section in SECTIONS if section.page == page]
    return _heading(title, "=") + "\n".join(map(_section, sections))


def _heading(text: str, underline: str) -> str:
    return f"{text}\n{underline * len(text)}\n\n"


def _section(section: Section) -> str:
    sentence = section.sentence.replace("`", "``")
    summary = "\n   ".join(name for name in section.names.split())
    package = importlib.import_module(section.package)
    return (
        f"{_heading(section.title, '-')}{sentence}\n\n.. currentmodule:: {section.package}\n\n"
        f".. autosummary::\n   :nosignatures:\n\n   {summary}\n\n"
        f"{''.join(_entries(section, package))}"
    )


def _entries(section: Section, package: ModuleType) -> Iterator[str]:
    for name in section.names.split():
        public, full_name = getattr(package, name), f"{section.package}.{name}"
        if full_name in CONSTANTS:
            yield f".. py:data:: {name}\n\n   {CONSTANTS[full_name]}\n\n"
        elif isinstance(public, ModuleType):
            yield f".. automodule:: {full_name}\n   :members:\n   :member-order: bysource\n\n"
        elif isclass(public):
            yield f".. autoclass:: {name}\n   :members:\n   :member-order: bysource\n\n"
        else:
            assert isroutine(public), f"{full_name} needs a line in CONSTANTS"
            yield f".. autofunction:: {name}\n\n"


def placed() -> list[str]:
    """The full name of everything that has a place, once for each place."""
    return [f"{section.package}.{name}" for section in SECTIONS for name in section.names.split()]


def public() -> list[str]:
    """The full name of everything that is public."""
    packages = [(name, importlib.import_module(name)) for name in PACKAGES]
    return [f"{package}.{name}" for package, module in packages for name in module.__all__]
