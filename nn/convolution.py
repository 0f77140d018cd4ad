"""Convolution: perceptrons that look at every window of an image with the same weights."""

from __future__ import annotations

from random import Random

from nn.activations import Activation, activation_name
from nn.checking import given, random_source, whole
from nn.images import FeatureMaps, Image, Pair, Shape, by, image_of, pair, slid, windows
from nn.initialization import Initialization
from nn.layers import Perceptron, name_of
from nn.module import Module
from nn.number import Number


class Conv2d(Module):
    """One perceptron for each output channel, its filter, slid over an image.

    Takes an image [in_channels][rows][columns] and gives one of `out_channels`, in which each
    number is activation(w·window + b): one `dot` node and one activation node. All windows share
    the filter's weights, so that a weight's gradient is the sum over all places. After LeCun et
    al., Backpropagation Applied to Handwritten Zip Code Recognition, 1989.

    The arguments mean what they do in PyTorch's `Conv2d`, which like this does not flip the
    filter. `kernel_size` and `stride` are whole numbers, or pairs (rows, columns). `padding` is
    how many zeros go around the image; "valid" is none, and "same" as many as keep its size, the
    odd one below and to the right, for a stride of 1. The bias begins at 0, weights as the
    initialisation draws them for fan_in = in_channels · window and fan_out = out_channels · window.
    An image that does not fit is a TypeError or a ValueError.

    >>> conv = Conv2d(1, 2, 3, activation="relu", seed=0)
    >>> conv
    Conv2d(1 → 2, 3 × 3 relu) with 20 parameters
    >>> image = [[[0.0] * 8 for _ in range(8)]]
    >>> maps = conv(image)
    >>> len(maps), len(maps[0]), len(maps[0][0]), maps[1][0][0].label
    (2, 6, 6, 'filters.1')
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int = "valid",
        *,
        activation: str | Activation = "linear",
        initialization: str | Initialization | None = None,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        self.in_channels = whole(in_channels, "in_channels")
        count = whole(out_channels, "out_channels")
        self.kernel_size, self.stride = pair(kernel_size, "kernel_size"), pair(stride, "stride")
        self.padding = _checked(padding, self.kernel_size, self.stride)
        area, source = self.kernel_size[0] * self.kernel_size[1], random_source(seed, rng)
        self.filters = tuple(
            [
                Perceptron(
                    self.in_channels * area,
                    activation,
                    initialization=initialization,
                    fan_out=count * area,
                    rng=source,
                )
                for _ in range(count)
            ]
        )

    @property
    def out_channels(self) -> int:
        """How many channels it gives."""
        return len(self.filters)

    def __call__(self, image: Image) -> FeatureMaps:
        channels, shape = image_of(image, self)
        self.output_shape(shape)
        places = windows(_padded(channels, *self._margins()), self.kernel_size, self.stride)
        return [[[each.respond(w) for w in row] for row in places] for each in self.filters]

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of what it makes of such an image; ValueError where that does not fit."""
        if len(shape) == 3 and shape[0] != self.in_channels:
            raise ValueError(
                f"{name_of(self)} takes {self.in_channels} channels, but was given {shape[0]}"
            )
        added = map(sum, self._margins())
        wide = (*shape[:1], *(n + m for n, m in zip(shape[1:], added, strict=False)))
        return self.out_channels, *slid(wide, self.kernel_size, self.stride, self)

    def _margins(self) -> tuple[Pair, Pair]:
        """The zeros above and below, left and right."""
        if self.padding == "valid":
            return (0, 0), (0, 0)
        if self.padding == "same":
            height, width = self.kernel_size
            return ((height - 1) // 2, height // 2), ((width - 1) // 2, width // 2)
        count = int(self.padding)
        return (count, count), (count, count)

    def architecture(self) -> str:
        parts = [f"{self.in_channels} → {self.out_channels}, {by(self.kernel_size)}"]
        if self.stride != (1, 1):
            parts.append(f"stride {by(self.stride)}")
        if self.padding != "valid":
            parts.append(f"padding {self.padding}")
        name = activation_name(self.filters[0].activation)
        return f"Conv2d({', '.join(parts)}{'' if name == 'linear' else f' {name}'})"


def _checked(padding: object, kernel: Pair, stride: Pair) -> str | int:
    """The padding; ValueError where it does not go with the windows."""
    if padding == "same" and stride != (1, 1):
        raise ValueError(
            f'padding "same" keeps the size of the image, which a stride of {by(stride)} does not; '
            "give the number of zeros, such as padding=1"
        )
    if isinstance(padding, str):
        if padding in ("valid", "same"):
            return padding
        raise ValueError(f'padding is "valid", "same" or a number of zeros, not {given(padding)}')
    count = whole(padding, "padding", minimum=0)
    if count >= min(kernel):
        raise ValueError(
            f"padding is less than the size of a window, {by(kernel)}, or windows would lie in "
            f"the zeros alone; not {count}"
        )
    return count


def _padded(image: Image, rows: Pair, columns: Pair) -> Image:
    """The image in zeros, which are plain numbers: they make no node and no edge."""
    if not any(rows + columns):
        return image
    above, below = rows
    left, right = ([0.0] * n for n in columns)
    width = len(image[0][0]) + sum(columns)

    def zeros(count: int) -> list[list[Number]]:
        return [[0.0] * width for _ in range(count)]

    return [
        [*zeros(above), *([*left, *row, *right] for row in channel), *zeros(below)]
        for channel in image
    ]
