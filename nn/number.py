"""A number as networks compute with it: a Value that is differentiated, or a plain float."""

from __future__ import annotations

from autograd import Value

Number = Value | float
