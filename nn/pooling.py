"""Pooling: an image made smaller, one number for each window of each channel."""

from __future__ import annotations

from autograd import Value, maximum, sum
from nn.images import FeatureMaps, Image, Shape, by, image_of, pair, slid, windows
from nn.module import Module
from nn.number import Number


class _Pool2d(Module):
    """Windows over each channel by itself; `stride` is the size of a window unless given.

    What is left at the right and below, where no whole window fits, is not looked at.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
    ) -> None:
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.stride = self.kernel_size if stride is None else pair(stride, "stride")

    def pooled(self, window: list[Number]) -> Number:
        """The number for a window."""
        raise NotImplementedError

    def __call__(self, image: Image) -> FeatureMaps:
        channels, shape = image_of(image, self)
        self.output_shape(shape)
        return [
            [
                [self._labelled(window, i) for window in row]
                for row in windows([channel], self.kernel_size, self.stride)
            ]
            for i, channel in enumerate(channels)
        ]

    def _labelled(self, window: list[Number], channel: int) -> Number:
        if len(window) == 1:
            return window[0]
        output = self.pooled(window)
        if isinstance(output, Value):
            output.label = f"{self.label}.channels.{channel}".lstrip(".")
        return output

    def output_shape(self, shape: Shape) -> Shape:
        """The shape of what it makes of such an image; ValueError where that does not fit."""
        return shape[0], *slid(shape, self.kernel_size, self.stride, self)

    def architecture(self) -> str:
        step = "" if self.stride == self.kernel_size else f", stride {by(self.stride)}"
        return f"{type(self).__name__}({by(self.kernel_size)}{step})"


class MaxPool2d(_Pool2d):
    """The largest number of each window, as one `maximum` node; each channel by itself.

    `kernel_size` and `stride`, which is the size of a window unless given, are whole numbers or
    pairs (rows, columns). What no whole window reaches, at the right and below, is left out. The
    gradient goes to the largest number; at a tie of k, 1/k to each, where PyTorch gives all to
    one. An image that does not fit is a TypeError or a ValueError.

    >>> MaxPool2d(2)([[[1.0, 2.0, 5.0], [4.0, 3.0, 6.0]]])
    [[[4.0]]]
    >>> MaxPool2d(2, stride=1)([[[1.0, 2.0, 5.0], [4.0, 3.0, 6.0]]])
    [[[4.0, 6.0]]]
    """

    def pooled(self, window: list[Number]) -> Number:
        """The largest."""
        largest: Number = maximum(*window)
        return largest


class AvgPool2d(_Pool2d):
    """The mean of each window; each channel by itself.

    `kernel_size` and `stride` are as those of `MaxPool2d`.

    >>> AvgPool2d(2)([[[1.0, 2.0], [4.0, 3.0]]])
    [[[2.5]]]
    """

    def pooled(self, window: list[Number]) -> Number:
        """The mean."""
        return sum(window) / len(window)
