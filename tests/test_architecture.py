"""The arrows of the design hold: who imports whom, what importing loads, what is public."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each module of the core may use those before it in the row of its own line, and those above.
LAYERS = [
    ["ieee", "real", "source", "files"],
    ["special"],
    ["ops", "anomaly"],
    ["value"],
    ["traced", "functions"],
    ["tree", "program", "array_operations"],
    ["lanes", "transforms", "trace", "simplify", "collapse"],
    ["vmap", "stages"],
    ["jit"],
    ["wording"],
    ["dot_source", "frames", "paths"],
    ["draw", "path_words"],
    ["stepper"],
    ["explain"],
]
# The compiled path, which is loaded when something is compiled; it may use all of the core.
LATE = {("jit", "compiled"), ("program", "lanes")}  # doors that open with the first call
COMPILED = [
    ["traced_array", "stand_ins", "signature", "assemble", "array_code"],
    ["backends"],
    ["entry", "shards"],
    ["bound", "blocks"],
    ["compiled"],
]
VIEW = [["module", "page", "widget", "outputs", "live", "formulas"], ["document"], ["__init__"]]
COMMAND = [
    ["vocabulary"],
    ["grammar"],
    ["expression"],
    ["__main__"],
]  # python -m autograd, which may use all
TOO_HEAVY_FOR_THE_CORE = {"typing", "dataclasses", "inspect", "re", "numpy", "graphviz"}

PUBLIC = """
Drawing Explanation Stepper Value abs acos acosh add asin asinh atan atan2 atanh cbrt ceil clip cos
cosh cross_entropy detect_anomaly divide dot draw elu equal erf erfc exp exp2 explain expm1 floor
floor_divide gaussian gelu grad greater greater_equal hessian hvp hypot jacobian jit jvp
leaky_relu less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or
logsumexp maximum minimum multiply negative
normal_cdf normal_pdf not_equal polygamma pow relu remainder round sigmoid sign silu sin sinh
softmax softplus sqrt step subtract sum take tan tanh topological_order trace_source value_and_grad
vjp vmap where
"""


@cache
def imports_of(path: Path) -> set[str]:
    """The modules that a file imports at its top level, `if TYPE_CHECKING` included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def modules() -> dict[str, Path]:
    files = (ROOT / "autograd").glob("*.py")
    return {path.stem: path for path in files if path.stem != "__init__"}


def core_modules() -> dict[str, Path]:
    core = {name for row in LAYERS for name in row}
    return {name: path for name, path in modules().items() if name in core}


def test_modules_import_only_downwards() -> None:
    rows = [*LAYERS, *COMPILED, *COMMAND]
    level = {name: depth for depth, row in enumerate(rows) for name in row}
    assert set(modules()) == set(level), "each module of autograd has its place in a layer"
    for name, path in modules().items():
        for imported in imports_of(path):
            package, _, module = imported.partition(".")
            if package == "autograd" and module in level and (name, module) not in LATE:
                assert level[module] < level[name], f"{name} imports {module} from above"


def test_the_backend_imports_only_downwards() -> None:
    files = {path.stem: path for path in (ROOT / "autograd" / "llvm").glob("*.py")}
    uses = {
        name: {x for x in files if f"autograd.llvm.{x}" in imports_of(files[name])}
        for name in files
    }
    uses.pop("__init__")
    while uses:
        free = [name for name, used in uses.items() if not used & uses.keys()]
        assert free, f"a cycle among {sorted(uses)}"
        for name in free:
            del uses[name]


def test_the_view_is_entered_through_the_stepper_alone() -> None:
    doors = {
        name
        for name, path in modules().items()
        if any(imported.startswith("autograd.view") for imported in imports_of(path))
    }
    assert doors == {"stepper"}
    rank = {name: depth for depth, row in enumerate(VIEW) for name in row}
    for path in (ROOT / "autograd" / "view").glob("*.py"):
        used = {name.removeprefix("autograd.view.") for name in imports_of(path)} & rank.keys()
        assert all(rank[name] < rank[path.stem] for name in used), f"{path.name} imports from above"
    for path in (ROOT / "autograd" / "view").glob("*.py"):
        used = {name.partition(".")[2] for name in imports_of(path) if name.startswith("autograd.")}
        assert not used & {"stepper", "explain"}, f"{path.name} imports from above"


def test_the_core_and_the_backend_meet_in_the_program_alone() -> None:
    below = {"ieee", "special", "ops", "program", "llvm"}  # what the backend may know of the core
    for path in (ROOT / "autograd" / "llvm").glob("*.py"):
        for imported in imports_of(path):
            package, _, module = imported.partition(".")
            if package == "autograd" and module:
                assert module.partition(".")[0] in below, f"{path.stem} imports {imported}"


def test_nobody_in_the_package_imports_testing_or_nn() -> None:
    for path in core_modules().values():
        for imported in imports_of(path):
            assert not imported.startswith(("autograd.testing", "nn"))


def test_nn_uses_the_public_names_of_autograd_only() -> None:
    public = {
        "autograd",
        "autograd.files",
        "autograd.shards",
        "autograd.testing",
        "autograd.tree",
        "autograd.view",
    }
    for path in (ROOT / "nn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograd"):
                assert node.module in public, f"{path.name} imports from {node.module}"
                for alias in node.names:
                    names = importlib.import_module(str(node.module)).__all__
                    assert alias.name in names, f"{path.name}: {alias.name} is not public"


def loaded_by(statement: str) -> set[str]:
    """The names of the top-level packages that a statement loads in a new interpreter."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_autograd_loads_the_standard_library_only() -> None:
    loaded = loaded_by("import autograd")
    assert loaded - {"autograd"} <= set(sys.stdlib_module_names)
    assert not loaded & TOO_HEAVY_FOR_THE_CORE


def test_importing_nn_loads_the_standard_library_only() -> None:
    assert loaded_by("import nn") - {"autograd", "nn"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("package", ["autograd", "autograd.testing", "autograd.view", "nn"])
def test_the_public_names_are_sorted_and_exist(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)
        assert getattr(module, name).__doc__, f"{package}.{name} has no docstring"


def test_the_public_names_of_autograd_are_these() -> None:
    module = importlib.import_module("autograd")
    assert module.__all__ == PUBLIC.split()


def test_no_file_imports_the_type_checker_s_names_at_run_time() -> None:
    for name, path in core_modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom | ast.Import):
                modules = {getattr(node, "module", None)} | {a.name for a in node.names}
                assert not modules & TOO_HEAVY_FOR_THE_CORE, f"{name} imports {modules}"
