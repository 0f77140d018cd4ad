"""Two moons told apart by a network made here, neuron by neuron, from nothing but Value."""

import random

import numpy as np

from autograd import Value

random.seed(7)


class Module:
    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0

    def parameters(self):
        return []


class Neuron(Module):
    def __init__(self, inputs, bend):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(0)
        self.bend = bend

    def __call__(self, x):
        total = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return total.relu() if self.bend else total

    def parameters(self):
        return [*self.w, self.b]


class Layer(Module):
    def __init__(self, inputs, outputs, bend=True):
        self.neurons = [Neuron(inputs, bend) for _ in range(outputs)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Module):
    def __init__(self, inputs, widths):
        sizes = [inputs, *widths]
        self.layers = [
            Layer(sizes[i], sizes[i + 1], bend=i + 1 < len(widths)) for i in range(len(widths))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


# Half a turn above, half a turn below and to the right; labels -1 and 1, as NumPy has them.
turn = np.linspace(0, np.pi, 12)
upper = np.stack([np.cos(turn), np.sin(turn)], axis=1)
lower = np.stack([1 - np.cos(turn), 0.5 - np.sin(turn)], axis=1)
X = np.concatenate([upper, lower]) + np.random.default_rng(1).normal(0, 0.1, (24, 2))
y = np.array([-1] * 12 + [1] * 12)

model = MLP(2, [6, 6, 1])


def loss():
    inputs = [list(map(Value, row)) for row in X]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    right = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
    return data_loss + penalty, sum(right) / len(right)


history = []
for step in range(20):
    total_loss, accuracy = loss()
    model.zero_grad()
    total_loss.backward()
    learning_rate = 0.5 - 0.4 * step / 20
    for p in model.parameters():
        p.data -= learning_rate * p.grad
    history.append(total_loss.data)
    print(f"step {step} loss {total_loss.data:.4f}, {accuracy * 100:.0f}% right")

parameters = model.parameters()
said = accuracy
