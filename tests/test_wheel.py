"""The built wheel is all that a page needs: installed in an empty environment, and no source."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints, run where only what is installed can be imported."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    source = {
        path.relative_to(ROOT).as_posix()
        for package in ("autograd", "nn")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == source
    assert {"autograd/view/stepper.js", "autograd/view/stepper.css", "autograd/py.typed"} <= packed


def test_the_command_line_of_an_installed_wheel_writes_a_page_that_steps(
    wheel: Path, tmp_path: Path, page: Page
) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", "empty", cwd=tmp_path)
    (python,) = [*tmp_path.glob("empty/bin/python"), *tmp_path.glob("empty/Scripts/python.exe")]
    run(sys.executable, *PIP, "--python", python, "install", "--no-deps", wheel, cwd=tmp_path)
    expression = ("x*y + tanh(x)", "--at", "x=2", "y=-3")
    run(python, "-m", "autograd", *expression, "-o", "page.html", cwd=tmp_path)
    page.goto((tmp_path / "page.html").as_uri())
    page.locator("[data-ready]").wait_for()
    page.get_by_role("button", name="Last step").click()
    assert "∂L/∂" in page.locator("[aria-live]").first.inner_text()
