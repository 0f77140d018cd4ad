"""Two expressions of thirty operations, written once for every engine that traces Python."""

from __future__ import annotations

from typing import Any


def transcendental(m: Any, a: Any, b: Any, c: Any) -> Any:
    """Thirty operations, exp, log, sin and tanh among them; `m` is where these four come from."""
    s = m.sin(a * b)
    t = m.tanh(b + c)
    e = m.exp(-0.5 * (a * a))
    g = m.log(1.0 + c * c)
    p = s * t + e * g
    q = (a - c) / (2.0 + p * p)
    r = p * q + s
    w = r * r - t * g
    x = w * q + e
    return x * r + 0.5 * (p * g) - b * t


def arithmetic(m: Any, a: Any, b: Any, c: Any) -> Any:
    """Thirty operations of + - × ÷ only."""
    u = a * b + c
    v = b * c - a
    w = u * v + 1.5
    x = (u - v) * (a + b)
    y = w * x + u * u
    z = y * v - x * c
    g = z / (2.0 + y * y)
    h = (g + a) * (g - b)
    k = h * u + w * c
    return k * g - 0.25 * (x * y) + v * a


def rosenbrock_terms(x: Any, count: int) -> list[Any]:
    """100 (x[i+1] - x[i]²)² + (1 - x[i])², whose sum is the function (Rosenbrock 1960)."""
    return [100.0 * (x[i + 1] - x[i] * x[i]) ** 2 + (1.0 - x[i]) ** 2 for i in range(count - 1)]
