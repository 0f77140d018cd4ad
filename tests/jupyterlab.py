"""A running JupyterLab for the tests, and how to work in it.

All that it reads or writes is in a temporary folder; it is this Python's, so that its kernels
import what is tested. What must be waited for is the kernel, never the look of the page.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import nbformat
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
START = 120  # seconds until the server answers; a quiet machine needs four
UNASKED = {"@jupyterlab/debugger-extension": True}  # it complains of a notebook closed early
QUIET = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
IS_IDLE = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.isReady && context.session?.kernel?.status === "idle";
}"""
IS_ON_VIEW = "(path) => window.jupyterapp?.shell.currentWidget?.context?.path === path"
EXCHANGE = """(path) => {
  const run = (name, options) => window.jupyterapp.commands.execute(name, options);
  (async () => {
    await run("docmanager:save-all");  // or it asks what to do with changes
    await run("application:close-all");
    await run("docmanager:open", { path });
  })();
}"""
# Not `return`ed: the promise of a command may wait for what only the test does next.
RUN_CELL = """(index) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  window.jupyterapp.commands.execute("notebook:run-cell");
}"""
HIDE_FILES = """() => {
  window.jupyterapp.commands.execute("application:toggle-left-area");
}"""
CHANGE_THEME = """(theme) => {
  window.jupyterapp.commands.execute("apputils:change-theme", { theme });
}"""
CELL = "window.jupyterapp.shell.currentWidget.content.widgets[index].model"
COUNT = f"(index) => {CELL}.sharedModel.execution_count"
OUTPUTS = f"(index) => {CELL}.outputs.toJSON()"
HAS_RUN = f"""([index, before]) => {{
  const count = {CELL}.sharedModel.execution_count;
  return count !== null && count !== before;
}}"""


class JupyterLab(NamedTuple):
    """A server and the folder that it shows."""

    address: str
    folder: Path

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """A notebook of code cells that have not run."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=KERNEL
        )
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, page: Page, name: str) -> None:
        """Show a notebook of the folder and no other, its kernel idle."""
        if page.url.startswith(self.address):
            page.evaluate(EXCHANGE, name)
            page.wait_for_function(IS_ON_VIEW, arg=name)
            page.wait_for_function(IS_IDLE)
        else:
            page.goto(f"{self.address}/lab/tree/{name}")
            page.wait_for_function(IS_IDLE)
            page.evaluate(HIDE_FILES)


def run_cell(page: Page, index: int) -> str:
    """Run a cell of the notebook on view to its end; what it printed, or its error."""
    before = page.evaluate(COUNT, index)
    page.evaluate(RUN_CELL, index)
    page.wait_for_function(HAS_RUN, arg=[index, before])
    page.wait_for_function(IS_IDLE)
    return "".join(
        "".join(output.get("text", output.get("traceback", ""))) for output in outputs(page, index)
    )


def outputs(page: Page, index: int) -> list[dict[str, Any]]:
    """The outputs of a cell of the notebook on view, as the notebook's file keeps them."""
    return list(page.evaluate(OUTPUTS, index))


def show_theme(page: Page, name: str) -> None:
    """Choose a theme of JupyterLab, "JupyterLab Light" or "JupyterLab Dark"."""
    page.evaluate(CHANGE_THEME, name)
    page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=name)


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """JupyterLab, started once for each process of the tests."""
    home = tmp_path_factory.mktemp("jupyterlab")
    notebooks = home / "notebooks"
    notebooks.mkdir()
    write_json(home / "config/labconfig/page_config.json", {"disabledExtensions": UNASKED})
    notifications = home / "settings/@jupyterlab/apputils-extension/notification"
    write_json(notifications.with_suffix(".jupyterlab-settings"), QUIET)
    address = f"http://127.0.0.1:{free_port()}"
    log = home / "log.txt"
    with log.open("w") as file, start(home, notebooks, address, file) as server:
        try:
            wait_for_answer(server, address, log)
            yield JupyterLab(address, notebooks)
        finally:
            server.terminate()
            server.wait()


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def start(home: Path, notebooks: Path, address: str, log: object) -> subprocess.Popen[bytes]:
    """A server without a password, which only this machine can reach."""
    places = {
        "HOME": "home",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
    }
    settings = {
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "ServerApp.disable_check_xsrf": True,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": address.rpartition(":")[2],
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebooks,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    return subprocess.Popen(
        command + [f"--{name}={value}" for name, value in settings.items()],
        cwd=notebooks,
        env=os.environ
        | {name: str(home / place) for name, place in places.items()}
        | {"PYTHONPATH": str(ROOT)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def wait_for_answer(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    late = time.monotonic() + START
    while True:
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=START):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > late:
                pytest.fail(f"JupyterLab does not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.1)
