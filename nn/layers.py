"""A perceptron, and a layer of them on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from random import Random

from autograd import Value, dot
from nn.activations import (
    Activation,
    activation_function,
    activation_name,
    suited_initialization,
)
from nn.checking import given, random_source, whole
from nn.initialization import Initialization, initialization_function
from nn.module import Module
from nn.number import Number


class Perceptron(Module):
    """activation(w·x + b): one neuron, as one `dot` node and one activation node.

    After Rosenblatt's perceptron of 1958. Weights begin as the
    initialisation draws them, which is Glorot's or He's by the activation unless given; the bias
    begins at 0. `fan_out`, the number of neurons that share the inputs, is Glorot's.

    >>> neuron = Perceptron(2, "tanh", seed=0)
    >>> neuron
    Perceptron(2 → tanh) with 3 parameters
    >>> neuron.bias.data = 0.5
    >>> round(neuron([0.0, 0.0]).data, 4)  # tanh(0.5)
    0.4621
    """

    def __init__(
        self,
        inputs: int,
        activation: str | Activation = "linear",
        *,
        initialization: str | Initialization | None = None,
        fan_out: int = 1,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        inputs, fan_out = whole(inputs, "inputs"), whole(fan_out, "fan_out")
        function = activation_function(activation)
        draw = initialization_function(initialization or suited_initialization(function))
        source = random_source(seed, rng)
        self.weights = tuple([Value(draw(source, inputs, fan_out)) for _ in range(inputs)])
        self.bias = Value(0.0)
        self.activation = function

    def __call__(self, x: Sequence[Number]) -> Number:
        check_length(x, len(self.weights), self)
        return self.respond(x)

    def respond(self, x: Sequence[Number]) -> Number:
        """The output for inputs of the right number, labelled with the neuron's path."""
        output = self.activation(dot(self.weights, x, self.bias))
        if isinstance(output, Value) and output.op:
            output.label = self.label
        return output

    def architecture(self) -> str:
        return f"Perceptron({len(self.weights)} → {activation_name(self.activation)})"


class Layer(Module):
    """Perceptrons side by side on the same inputs; a call gives a list of their outputs.

    >>> layer = Layer(3, 2, "relu", seed=0)
    >>> layer
    Layer(3 → 2 relu) with 8 parameters
    >>> [output.label for output in layer([1.0, 2.0, 3.0])]
    ['neurons.0', 'neurons.1']
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: str | Activation = "linear",
        *,
        initialization: str | Initialization | None = None,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        source = random_source(seed, rng)
        self.neurons = tuple(
            [
                Perceptron(
                    inputs, activation, initialization=initialization, fan_out=outputs, rng=source
                )
                for _ in range(whole(outputs, "outputs"))
            ]
        )

    @property
    def inputs(self) -> int:
        """How many numbers it takes."""
        return len(self.neurons[0].weights)

    @property
    def outputs(self) -> int:
        """How many numbers it gives."""
        return len(self.neurons)

    def __call__(self, x: Sequence[Number]) -> list[Number]:
        check_length(x, self.inputs, self)
        return [neuron.respond(x) for neuron in self.neurons]

    def architecture(self) -> str:
        return f"Layer({self.inputs} → {self.summary()})"

    def summary(self) -> str:
        """Its width, and its activation unless that is none."""
        name = activation_name(self.neurons[0].activation)
        return f"{self.outputs}" if name == "linear" else f"{self.outputs} {name}"


def check_length(x: Sequence[Number], expected: int, module: Module) -> None:
    """TypeError where x is no sequence, ValueError where it has another length than expected."""
    check_sequence(x, f"{expected} numbers", module)
    if len(x) != expected:
        raise ValueError(f"{name_of(module)} takes {expected} inputs, but was given {len(x)}")


def check_sequence(x: object, of: str, module: Module) -> None:
    """TypeError where x has no length."""
    if not isinstance(x, Sized):
        raise TypeError(f"{name_of(module)} takes a list of {of}, not {given(x)}")


def name_of(module: Module) -> str:
    """What a module is, and where, for a message."""
    return f"{module.architecture()}{f' at {module.label}' if module.label else ''}"
