"""What is computed: random graphs, a training step on moons, a chain."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

from tests.benchmarks.peers import ALL, Peer

Plan = list[tuple[int, int, int]]


def plan(nodes: int, seed: int = 0) -> Plan:
    """Which operation each node is, and how far back its two operands stand (at most 100)."""
    rng = random.Random(seed)
    reach = [min(k + 10, 100) for k in range(nodes)]
    return [(rng.randrange(3), -1 - rng.randrange(m), -1 - rng.randrange(m)) for m in reach]


def random_graph(peer: Peer, steps: Plan) -> Any:
    """A graph of +, × and tanh on ten leaves; the last 100 nodes are added up, so all count."""
    return grown([peer.leaf(0.1 * i - 0.5) for i in range(10)], peer.tanh, steps)


def grown(leaves: list[Any], tanh: Callable[[Any], Any], steps: Plan) -> Any:
    """The same on other leaves, ten of them."""
    nodes = list(leaves)
    append = nodes.append
    for kind, a, b in steps:
        if kind == 0:
            append(nodes[a] + nodes[b])
        elif kind == 1:
            append(nodes[a] * nodes[b])
        else:
            append(tanh(nodes[a]))
    root = nodes[-1]
    for node in nodes[-100:]:
        root = root + node
    return root


def random_run(name: str, nodes: int) -> Callable[[], None]:
    """Build and backward of a random graph with the engine of that name."""
    peer, steps = ALL[name](), plan(nodes)
    return lambda: peer.backward(random_graph(peer, steps))


def moons_step(name: str, samples: int = 100) -> Callable[[], Any]:
    """Value and all gradients of micrograd's demo network, 2-16-16-1 with hinge loss and L2."""
    nn = importlib.import_module("nn")
    X, classes = nn.datasets.moons(samples, seed=0)
    y = [2 * c - 1 for c in classes]
    if name == "torch":
        return _torch_step(X, y)
    if name == "stepgrad":
        model = nn.MLP(2, [16, 16, 1], activation="relu", seed=0)
        dot = importlib.import_module("autograd").dot

        def step() -> float:
            losses = [nn.hinge(model(x), t) for x, t in zip(X, y, strict=True)]
            parameters = model.parameters()
            total = sum(losses) * (1.0 / len(losses)) + 1e-4 * dot(parameters, parameters)
            model.zero_grad()
            total.backward()
            return float(total.data)

        return step
    peer_nn = importlib.import_module(f"{name}.nn")
    value = importlib.import_module(f"{name}.engine").Value
    model = peer_nn.MLP(2, [16, 16, 1])
    inputs = [list(map(value, x)) for x in X]
    one, signs = value(1.0), [value(-float(t)) for t in y]  # minigrad crashes on mixed operands
    share, decay = value(1.0 / samples), value(1e-4)

    def peer_step() -> float:
        scores = map(model, inputs)
        losses = [(one + t * score).relu() for t, score in zip(signs, scores, strict=True)]
        squares = [p * p for p in model.parameters()]
        data_loss = sum(losses[1:], losses[0]) * share
        total = data_loss + sum(squares[1:], squares[0]) * decay
        model.zero_grad()
        total.backward()
        return float(total.data)

    return peer_step


def _torch_step(X: Any, y: Any) -> Callable[[], Any]:
    torch = importlib.import_module("torch")
    torch.manual_seed(0)
    linear, relu = torch.nn.Linear, torch.nn.ReLU()
    model = torch.nn.Sequential(linear(2, 16), relu, linear(16, 16), relu, linear(16, 1)).double()
    inputs = torch.tensor([list(x) for x in X], dtype=torch.float64)
    targets = torch.tensor([float(t) for t in y], dtype=torch.float64)

    def step() -> float:
        model.zero_grad()
        losses = torch.relu(1.0 - targets * model(inputs)[:, 0])
        loss = losses.mean() + 1e-4 * sum((p * p).sum() for p in model.parameters())
        loss.backward()
        return float(loss.item())

    return step


def chain(peer: Peer, nodes: int) -> Any:
    """x·1.0000001·1.0000001·…"""
    x = peer.leaf(1.0)
    for _ in range(nodes):
        x = x * 1.0000001
    return x
