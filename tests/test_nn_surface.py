"""What `nn` offers, what importing it loads, and what it uses of the engine."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import nn

FOLDER = Path(nn.__file__).parent
PUBLIC = """
ACTIVATIONS Adam AdamW AvgPool2d CausalSelfAttention Constant Conv2d CosineDecay Dropout
Embedding ExponentialDecay Flatten GPT Layer Linear LinearDecay MLP MaxPool2d ModelFileError
Module Optimizer OptimizerState Perceptron RMSNorm Record SGD Sequential StepDecay Unflatten
Watched accuracy binary_cross_entropy cross_entropy datasets decide fit fit_texts generate
glorot_normal glorot_uniform he_normal he_uniform hinge linear load mean_absolute_error mse names
next_token_loss plot_decision_boundary plot_hidden_features plot_images plot_loss predict
r_squared save train watch
"""


def test_the_public_names_are_these_in_order():
    assert PUBLIC.split() == nn.__all__ == sorted(nn.__all__)
    assert all(hasattr(nn, name) for name in nn.__all__)


def test_every_public_name_is_documented():
    assert all(getattr(nn, n).__doc__ for n in nn.__all__ if n != "ACTIVATIONS")


def test_importing_loads_the_standard_library_and_the_engine_only():
    code = "import sys, nn; print(*{m.partition('.')[0] for m in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parent,
        env={"PYTHONPATH": str(FOLDER.parent)},
    )
    loaded = set(run.stdout.split()) - {"__main__", "__mp_main__"}
    assert loaded - set(sys.stdlib_module_names) == {"autograd", "nn"}


def imports():
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield path.name, node.module, [alias.name for alias in node.names]
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield path.name, alias.name, []


def test_only_public_names_of_the_engine_are_used():
    found = [(m, names) for _, m, names in imports() if m.partition(".")[0] == "autograd"]
    assert found
    for module, names in found:
        assert module in (
            "autograd",
            "autograd.files",
            "autograd.shards",
            "autograd.testing",
            "autograd.view",
        )
        assert set(names) <= set(importlib.import_module(module).__all__)


def test_imports_within_nn_have_no_cycle():
    arrows = {}
    for path, module, _ in imports():
        if module.startswith("nn.") and path not in ("__init__.py", "__main__.py"):
            arrows.setdefault(path.removesuffix(".py"), set()).add(module.removeprefix("nn."))
    order = []
    while arrows:
        free = [name for name, uses in arrows.items() if not uses & arrows.keys()]
        assert free, f"a cycle among {sorted(arrows)}"
        order += free
        for name in free:
            del arrows[name]
    assert order.index("training") > order.index("module")
