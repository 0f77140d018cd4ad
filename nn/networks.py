"""Networks: layers one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

from nn.activations import Activation, activation_function, activation_name
from nn.checking import given, random_source, rate, whole
from nn.dropout import Dropout
from nn.images import Shape, words
from nn.initialization import Initialization
from nn.layers import Layer, check_length
from nn.module import Masks, Module
from nn.number import Number


class MLP(Module):
    """A multilayer perceptron: fully connected layers, each on the outputs of the one before.

    `widths` has the number of neurons of each layer. `activation` is for the hidden layers, by
    name or as a function; a list gives one for each layer, the last too. The last layer is linear
    unless `output_activation` says otherwise. With `dropout` every hidden layer is followed by
    Dropout of that rate.

    >>> model = MLP(2, [16, 16, 1], activation="tanh", seed=0)
    >>> model
    MLP(2 → 16 tanh → 16 tanh → 1) with 337 parameters
    >>> [score] = model([0.5, -1.0])
    >>> score.label
    'layers.2.neurons.0'
    """

    def __init__(
        self,
        inputs: int,
        widths: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "tanh",
        *,
        output_activation: str | Activation | None = None,
        dropout: float = 0.0,
        initialization: str | Initialization | None = None,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        if not isinstance(widths, (list, tuple)):
            raise TypeError(f"widths is a list such as [16, 16, 1], not {given(widths)}")
        if not widths:
            raise ValueError("widths is empty; give the number of neurons of each layer: [16, 1]")
        sizes = [whole(inputs, "inputs"), *(whole(w, f"widths[{i}]") for i, w in enumerate(widths))]
        share = rate(dropout, "dropout")
        chosen = _activations(activation, output_activation, len(widths))
        source = random_source(seed, rng)
        self.layers = tuple(
            [
                Layer(fan_in, width, each, initialization=initialization, rng=source)
                for (fan_in, width), each in zip(pairwise(sizes), chosen, strict=True)
            ]
        )
        self.dropouts = tuple([Dropout(share, width) for width in sizes[1:-1] if share])

    @property
    def inputs(self) -> int:
        """How many numbers it takes."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """How many numbers it gives."""
        return self.layers[-1].outputs

    def layer_outputs(self, x: Sequence[Number], masks: Masks | None = None) -> list[list[Number]]:
        """What each layer gives in turn, dropout included; the last is what a call returns."""
        check_length(x, self.inputs, self)
        outputs: list[list[Number]] = []
        for i, layer in enumerate(self.layers):
            result = layer(outputs[-1] if outputs else x)
            if masks is not None and i < len(self.dropouts):
                result = self.dropouts[i](result, masks)
            outputs.append(result)
        return outputs

    def __call__(self, x: Sequence[Number], masks: Masks | None = None) -> list[Number]:
        return self.layer_outputs(x, masks)[-1]

    def architecture(self) -> str:
        sizes = " → ".join([str(self.inputs), *(each.summary() for each in self.layers)])
        share = f", dropout {self.dropouts[0].rate:g}" if self.dropouts else ""
        return f"MLP({sizes}{share})"


def _activations(
    hidden: str | Activation | Sequence[str | Activation],
    output: str | Activation | None,
    count: int,
) -> list[str | Activation]:
    """One activation for each layer."""
    if isinstance(hidden, str) or callable(hidden):
        function = activation_function(hidden)  # judged also where no layer is hidden
        return [*[function] * (count - 1), "linear" if output is None else output]
    if not isinstance(hidden, (list, tuple)):
        raise TypeError(f"activation is a name, a function or a list of them, not {given(hidden)}")
    if len(hidden) != count:
        raise ValueError(
            f"activation has {len(hidden)} entries for {count} layers; "
            "a list gives one for each layer, the last too"
        )
    if output is not None:
        raise ValueError("activation lists one for each layer; leave output_activation out")
    return list(hidden)


class Sequential(Module):
    """Modules and functions one after the other, each on what the one before gives.

    A Dropout among them learns its width from its neighbours; any other module is called with
    `masks` only where it holds a Dropout. ValueError where two neighbours do not fit together.

    >>> model = Sequential(Layer(2, 8, "relu", seed=0), Dropout(0.2), Layer(8, 1, seed=1))
    >>> model
    Sequential(Layer(2 → 8 relu), Dropout(0.2), Layer(8 → 1)) with 33 parameters
    """

    def __init__(self, *layers: Module | Callable[[Any], Any]) -> None:
        if not layers:
            raise ValueError("Sequential needs at least one layer: Sequential(Layer(2, 1))")
        for i, layer in enumerate(layers):
            if not callable(layer):
                raise TypeError(f"layer {i} is a module or a function, not {given(layer)}")
        self.layers = tuple(
            [
                _of_width(layer, shape) if isinstance(layer, Dropout) else layer
                for layer, shape in zip(layers, _shapes(layers), strict=True)
            ]
        )

    def layer_outputs(self, x: Sequence[Number], masks: Masks | None = None) -> list[Any]:
        """What each layer gives in turn; the last is what a call returns."""
        outputs: list[Any] = [x]
        layers: Any = self.layers
        for layer in layers:
            if masks is not None and _takes_masks(layer):
                outputs.append(layer(outputs[-1], masks=masks))
            else:
                outputs.append(layer(outputs[-1]))
        return outputs[1:]

    def __call__(self, x: Sequence[Number], masks: Masks | None = None) -> Any:
        return self.layer_outputs(x, masks)[-1]

    def architecture(self) -> str:
        names = [
            each.architecture() if isinstance(each, Module) else activation_name(each)
            for each in self.layers
        ]
        return f"Sequential({', '.join(names)})"


def _takes_masks(layer: object) -> bool:
    return isinstance(layer, Module) and any(isinstance(m, Dropout) for m in layer.modules())


def _shapes(layers: Sequence[object]) -> list[Shape | None]:
    """What comes to each layer, as far as it is known; ValueError where two do not fit."""
    shapes: list[Shape | None] = []
    shape, maker = _first_shape(layers), -1
    for i, layer in enumerate(layers):
        shapes.append(shape)
        if isinstance(layer, Dropout):
            continue
        taken = _numbers(layer, "inputs")
        if shape and taken and shape != taken:
            hint = "; put nn.Flatten() between them" if len(shape) > 1 else ""
            both = f"layer {maker} gives {words(shape)}, but layer {i} takes {words(taken)}"
            raise ValueError(both + hint)
        shape, maker = _shape_after(layer, i, shape or taken), i
    return shapes


def _first_shape(layers: Sequence[object]) -> Shape | None:
    """What the first layer takes that is no Dropout."""
    return next((_numbers(x, "inputs") for x in layers if not isinstance(x, Dropout)), None)


def _shape_after(layer: object, i: int, shape: Shape | None) -> Shape | None:
    """What a layer makes of that shape, as far as it is known."""
    if shape and hasattr(layer, "output_shape"):
        try:
            made: Shape = layer.output_shape(shape)
        except ValueError as error:
            raise ValueError(f"layer {i}: {error}") from None
        return made
    return _numbers(layer, "outputs")


def _numbers(layer: object, which: str) -> Shape | None:
    count = getattr(layer, which, None)
    return None if count is None else (count,)


def _of_width(layer: Dropout, shape: Shape | None) -> Dropout:
    """A Dropout of the width that comes to it, unless it has one."""
    if shape and len(shape) > 1:
        raise ValueError(
            f"{layer.architecture()} would get {words(shape)}; put nn.Flatten() before"
        )
    return Dropout(layer.rate, shape[0]) if shape and layer.width is None else layer
