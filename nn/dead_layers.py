"""A layer that is dead: its units are flat at every sample, so no gradient gets through them."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Sequence

from autograd import Value, topological_order
from nn.layers import Perceptron
from nn.losses import outputs_of
from nn.prediction import numbers_of
from nn.recording import layer_of, layers_of
from nn.run import Run
from nn.samples import Sample
from nn.steps import Steps

LOOKED_AT = 256  # samples at most: each goes through the network Value by Value, in milliseconds


class DeadLayers:
    """The search for a dead layer in a training, which ends with the first one found.

    It costs a glance until the loss has a gradient of exactly 0 in a whole layer. Then the samples,
    256 of them at most, spread evenly, go through the network one by one, until no layer is left
    that was flat for all; where that is so, as with a hinge loss that is met, the next search waits
    twice as many epochs.
    """

    def __init__(self, run: Run, steps: Steps) -> None:
        self._run, self._steps = run, steps
        self._layers = layers_of(list(run.model.named_parameters()))
        units = [m.label for m in run.model.modules() if isinstance(m, Perceptron) and m.label]
        self._layer_of = {unit: layer_of(unit) for unit in units}
        self._next, self._pause, self._is_over = 0, 1, not units

    def look_for(self, epoch: int) -> None:
        """A RuntimeWarning where a layer is dead at the end of that epoch, unless there was one."""
        is_still = self._steps.is_still
        if self._is_over or epoch < self._next or not any(map(is_still, self._layers.values())):
            return
        self._pause *= 2
        self._next = epoch + self._pause
        self._steps.push()
        samples = self._steps.samples
        looked_at = min(len(samples), LOOKED_AT)
        some = [samples[i * len(samples) // looked_at] for i in range(looked_at)]
        for layer, gives_0 in self._flat(some).items():
            self._is_over = True
            count = Counter(self._layer_of.values())[layer]
            _warn(_words(layer, count, gives_0, (looked_at, len(samples)), epoch))
            return

    def _flat(self, samples: Sequence[Sample]) -> dict[str, bool]:
        """The layers that are flat for all of these, the first ones first: whether they give 0.

        None where the loss of each sample is 0.
        """
        flat, is_met = dict.fromkeys(self._layer_of.values(), True), True
        for x, target in samples:
            prediction = self._run.model(x)
            seen = set()
            outputs = [p for p in outputs_of(prediction) if isinstance(p, Value)]
            for node in topological_order(*outputs):
                layer = self._layer_of.get(node.label, "")
                if layer in flat:
                    seen.add(layer)
                    flat[layer] = flat[layer] and node.data == 0.0
                    if any(node.local_grads):
                        del flat[layer]
            flat = {layer: gives_0 for layer, gives_0 in flat.items() if layer in seen}
            is_met = is_met and numbers_of(self._run.loss(prediction, target)) == [0.0]
            if not flat:
                break
        return {} if is_met else flat


def _words(layer: str, count: int, gives_0: bool, samples: tuple[int, int], epoch: int) -> str:
    """What to say of a layer that is dead, as far as so many of so many samples show.

    >>> print(_words("layers.0", 8, True, (100, 100), 4))
    layers.0 is dead at the end of epoch 4: 8 of its 8 units give 0 at each of the 100 samples, ...
    """
    looked_at, count_of_all = samples
    where, so = f"the {looked_at} samples", "so that nothing up to it learns any more"
    if looked_at < count_of_all:
        where = f"{looked_at} of the {count_of_all:,} samples"
        so = "so that nothing up to it learns from them"
    are, remedy = "are flat", "features of one scale (nn.datasets.standardise)"
    if gives_0:
        are, remedy = "give 0", "leaky_relu for its activation"
    return (
        f"{layer} is dead at the end of epoch {epoch}: {count} of its {count} units {are} at each "
        f"of {where}, {so}. Try {remedy}, a smaller learning rate or another seed"
    )


def _warn(words: str) -> None:
    """A RuntimeWarning where nn was called from."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("nn."):
        level, frame = level + 1, frame.f_back
    warnings.warn(words, RuntimeWarning, stacklevel=level)
