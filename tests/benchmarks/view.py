"""How long the page of 5,000 nodes takes: `python -m tests.benchmarks.view`, in a real browser.

First paint in at most 2 s and a step in at most 100 ms, painting included, are what is asked.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from autograd import Value, step, topological_order
from tests.browser import ARGUMENTS, SIZE
from tests.test_browser_page import FIRST_PAINT, GRAPHS, ONE_STEP, TIME_STEPS, WATCH_READY

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEPS = 20  # from the middle of each pass
ROW = "{:22} {:>6} {:>8} {:>12} {:>11} {:>12} {:>9}"


def recurrence(nodes: int) -> Value:
    """h = tanh(h·w + x), unrolled: one long chain, in which w is used everywhere."""
    rng = random.Random(0)
    w, h = Value(0.9, label="w"), Value(0.0, label="h")
    for i in range(nodes // 4):
        h = (h * w + Value(rng.gauss(0.0, 1.0), label=f"x{i}")).tanh()
    return h


def random_graph(nodes: int) -> Value:
    """Sums and products of what came not long before."""
    rng = random.Random(0)
    made = [Value(rng.gauss(0.0, 1.0), label=f"x{i}") for i in range(nodes // 10)]
    while len(made) < nodes:
        a, b = rng.choice(made[-nodes // 10 :]), rng.choice(made)
        made.append((a * b).tanh() if rng.random() < 0.3 else a + b)
    root = made[-1]
    for other in made[-nodes // 10 : -1]:
        root = root + other
    return root


def measured(browser: Browser, root: Value, folder: Path) -> tuple[float, float, float, float, int]:
    """First paint, a forward and a backward step (medians), the slowest, in ms; bytes."""
    path = folder / "page.html"
    step(root).save(path)
    page = browser.new_page(viewport=SIZE)
    page.add_init_script(WATCH_READY)
    page.goto(path.as_uri())
    page.locator("[data-ready]").wait_for()
    ready = page.evaluate("() => window.readyAt")
    n = len(topological_order(root))
    passes = [page.evaluate(TIME_STEPS, [at, STEPS]) for at in (n - 2 * STEPS, n + 2 * STEPS)]
    page.close()
    slowest = max(map(max, passes))
    return ready, median(passes[0]), median(passes[1]), slowest, path.stat().st_size


def main() -> None:
    graphs = {
        "network, 2 samples": GRAPHS["5000"](),
        "network, 69 samples": GRAPHS["5000-many-samples"](),
        "recurrence": recurrence(5000),
        "random": random_graph(4500),
    }
    load = os.getloadavg()[0]
    print(f"CPython {sys.version.split()[0]}, load {load:.1f}, medians of {STEPS} steps, ms")
    print(ROW.format("graph", "nodes", "MB", "first paint", "forward", "backward", "slowest"))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        for name, root in graphs.items():
            paint, forward, backward, slowest, size = measured(browser, root, Path(folder))
            times = (f"{x:.0f}" for x in (paint, forward, backward, slowest))
            print(ROW.format(name, len(topological_order(root)), f"{size / 1e6:.2f}", *times))
        browser.close()
    print(ROW.format("asked", "5,000", "2", f"{FIRST_PAINT}", f"{ONE_STEP}", f"{ONE_STEP}", ""))


if __name__ == "__main__":
    main()
