"""The page from disk as its readers get it: small, quick, silent, locked, and good to look at.

`pytest tests/test_browser_page.py` writes what it looks like and how long it takes to out/.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Page

import nn
from autograd import Value, step, sum, topological_order
from tests.browser import PICTURES

LARGEST_FILE = 2_000_000  # bytes, of 5,000 nodes
FIRST_PAINT = 2_000  # milliseconds until the picture of 5,000 nodes stands
ONE_STEP = 100  # milliseconds from the press of a key until the next frame is painted
BUSY = 5  # so many times slower a machine may be that does other things too; a benchmark is strict
SPOKEN = 6  # lines of a step that has hundreds, which nobody wants to hear
STEPS = 20  # that are timed, from the middle of each pass

# Told by the page itself, since the way from here to the browser and back takes longer than a step.
WATCH_READY = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("[data-ready]")) return;
  window.readyAt = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
TIME_STEPS = """async ([from, count]) => {
  const scrubber = document.querySelector("[aria-label=Position]");
  const go = async (t) => {
    const before = performance.now();
    scrubber.value = t;
    scrubber.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
    return performance.now() - before;
  };
  await go(from - 1);
  const times = [];
  for (let t = from; t < from + count; t++) times.push(await go(t));
  return times;
}"""


def neuron() -> Value:
    """tanh(x1 w1 + x2 w2 + b), ten nodes."""
    x1, x2 = Value(2.0, label="x1"), Value(0.5, label="x2")
    w1, w2, b = Value(-3.0, label="w1"), Value(1.0, label="w2"), Value(6.1, label="b")
    return (x1 * w1 + x2 * w2 + b).tanh()


def network(widths: list[int], samples: int) -> Value:
    """The mean hinge loss of a network, over points of a line."""
    model = nn.MLP(2, widths, activation="tanh", seed=0)
    losses = [
        nn.hinge(model([0.02 * i - 0.3, 0.5 - 0.01 * i]), 1.0 if i % 2 else -1.0)
        for i in range(samples)
    ]
    return sum(losses) / samples


GRAPHS = {
    "10": neuron,
    "300": lambda: network([8, 8, 1], samples=5),
    "5000": lambda: network([65, 65, 1], samples=2),
    "5000-many-samples": lambda: network([16, 16, 1], samples=69),
}
each_graph = pytest.mark.parametrize("name", GRAPHS)
each_large_graph = pytest.mark.parametrize("name", [name for name in GRAPHS if "5000" in name])


def opened(page: Page, folder: Path, root: Value) -> Path:
    path = folder / "a página 100% of ☃.html"  # nothing but a file
    step(root).save(path)
    page.add_init_script(WATCH_READY)
    page.goto(path.as_uri())
    page.locator("[data-ready]").wait_for()
    return path


@each_graph
def test_the_graphs_have_the_sizes_of_their_names(name: str) -> None:
    size = int(name.partition("-")[0])
    assert 0.95 * size <= len(topological_order(GRAPHS[name]())) <= 1.05 * size


@each_graph
@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_a_page_steps_in_light_and_in_dark(
    name: str, page: Page, tmp_path: Path, screenshot: Callable[[str], Path]
) -> None:
    root = GRAPHS[name]()
    opened(page, tmp_path, root)
    frames = step(root)
    screenshot(f"stepper-{name}-first")
    middle = (len(topological_order(root)) + len(frames)) // 2  # of the backward pass
    page.get_by_label("Position").fill(str(middle))
    page.get_by_role("button", name="Next step").click()
    spoken = page.locator(".step [aria-live]").inner_text()
    assert spoken.split() == "; ".join(str(frames[middle + 1]).splitlines()[:SPOKEN]).split()
    page.wait_for_timeout(500)  # the picture glides to the present node
    screenshot(f"stepper-{name}-backward")


@each_large_graph
def test_five_thousand_nodes_are_a_small_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    step(GRAPHS[name]()).save(path)
    assert path.stat().st_size <= LARGEST_FILE


@each_large_graph
def test_five_thousand_nodes_open_and_step_quickly(name: str, page: Page, tmp_path: Path) -> None:
    root = GRAPHS[name]()
    path = opened(page, tmp_path, root)
    ready = page.evaluate("readyAt")
    n = len(topological_order(root))
    forward, backward = (
        page.evaluate(TIME_STEPS, [start, STEPS]) for start in (n - 2 * STEPS, n + 2 * STEPS)
    )
    record = {
        "nodes": n,
        "bytes": path.stat().st_size,
        "first paint, ms": round(ready),
        "a forward step, ms": round(median(forward), 1),
        "a backward step, ms": round(median(backward), 1),
        "the slowest step, ms": round(max(forward + backward), 1),
    }
    (PICTURES / f"stepper-{name}-timings.json").write_text(json.dumps(record, indent=1) + "\n")
    assert ready <= BUSY * FIRST_PAINT
    assert median(forward + backward) <= BUSY * ONE_STEP


ATTACKS = {
    "an inline script": """() => {
      const script = document.createElement("script");
      script.textContent = "window.harm = 1";
      document.body.append(script);
    }""",
    "a script from elsewhere": """() => new Promise((done) => {
      const script = document.createElement("script");
      script.onload = script.onerror = done;
      script.src = "data:text/javascript,window.harm=1";
      document.body.append(script);
    })""",
    "an event handler": """() => {
      document.body.setAttribute("onclick", "window.harm = 1");
      document.body.click();
    }""",
    "a text as a program": """() => new Promise((done) => {
      setTimeout("window.harm = 1");
      setTimeout(done, 50);
    })""",
    "a request": """() => fetch("data:text/plain,x").then(
      () => (window.harm = 1),
      () => fetch("https://example.com/").catch(() => 0),
    )""",
    "a picture from elsewhere": """() => new Promise((done) => {
      const picture = new Image();
      picture.onload = () => done((window.harm = 1));
      picture.onerror = done;
      picture.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACADs=";
    })""",
    "a frame": """() => new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.srcdoc = "<script>parent.harm = 1</script>";
      frame.onload = done;
      document.body.append(frame);
    })""",
    "a style attribute": """() => {
      document.body.setAttribute("style", "opacity: 0.5");
      if (getComputedStyle(document.body).opacity !== "1") window.harm = 1;
    }""",
    "another base": """() => {
      const base = document.createElement("base");
      base.href = "https://example.com/";
      document.head.append(base);
      if (document.baseURI.startsWith("https")) window.harm = 1;
    }""",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_pages_own_policy_refuses(
    attack: str, page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    page.goto("about:blank")
    page.evaluate(ATTACKS[attack])
    page.wait_for_timeout(50)
    assert page.evaluate("'harm' in window"), "it harms no page: no attack"
    opened(page, tmp_path, neuron())
    page.evaluate(ATTACKS[attack])
    page.wait_for_timeout(50)
    assert not page.evaluate("'harm' in window")
    assert complaints
    assert all("Content Security Policy" in complaint for complaint in complaints)
    complaints.clear()


def test_a_label_of_markup_runs_nothing_and_is_read_as_it_is(page: Page, tmp_path: Path) -> None:
    label = "</script><img src=x onerror=alert(1)>"
    x = Value(2.0, label=label)
    opened(page, tmp_path, x * x)
    assert label in page.locator(".step [aria-live]").inner_text()
