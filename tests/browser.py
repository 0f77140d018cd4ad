"""A real browser for the tests, in which whatever a page does wrong fails the test that opened it.

A page may log no error and no warning, raise nothing, and ask nobody for anything: it has its own
file, what it carries inside, and, where a test says so, one server on this machine.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

INSTALL = (
    "sudo apt-get install --no-install-recommends chromium fonts-dejavu-core fonts-liberation2"
)
PICTURES = Path(__file__).resolve().parents[1] / "out"
PATIENCE = 30_000  # milliseconds: a busy machine is slow, and a wrong page is never right later
SIZE = {"width": 1280, "height": 900}
SLOWNESS = r"Plugin .* to activate"  # JupyterLab's word about itself on a busy machine
ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses to run as root with one
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # not even by its own wish
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once for each process of the tests.

    From then on an event loop counts as running in this thread: asyncio.run raises in it.
    """
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail(f"these tests need a browser; run: {INSTALL}", pytrace=False)
    from playwright.sync_api import expect, sync_playwright  # late: other tests do not pay for it

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def colour_scheme() -> str:
    """What the page is told that its reader prefers; parametrise it with "light" and "dark"."""
    return "light"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str | None:
    """The one address that pages may ask: JupyterLab's in a test with it, else none: offline."""
    if "jupyterlab" not in request.fixturenames:
        return None
    return str(request.getfixturevalue("jupyterlab").address)


@pytest.fixture
def tolerated() -> Sequence[str]:
    """Patterns of complaints that are not about us, each with its reason."""
    return [SLOWNESS]


class Profile(NamedTuple):
    """A browser profile, and what its pages did wrong."""

    context: BrowserContext
    complaints: list[str]


@pytest.fixture(scope="session")
def profiles() -> dict[tuple[str, str | None], Profile]:
    """Those that there are: to make one costs more than most tests do."""
    return {}


@pytest.fixture
def profile(
    browser: Browser,
    profiles: dict[tuple[str, str | None], Profile],
    colour_scheme: str,
    server: str | None,
) -> Profile:
    """One profile for all tests that prefer the same colours and may ask the same address."""
    key = colour_scheme, server
    if key not in profiles:
        context = browser.new_context(
            color_scheme=colour_scheme,
            offline=server is None,
            viewport=SIZE,
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE)
        profiles[key] = Profile(context, [])
        watch(context, server, profiles[key].complaints)
    return profiles[key]


@pytest.fixture
def complaints(profile: Profile) -> list[str]:
    """What the test's pages did wrong so far; a test that provokes some looks and clears."""
    profile.complaints.clear()
    return profile.complaints


@pytest.fixture
def page(
    profile: Profile, server: str | None, tolerated: Sequence[str], complaints: list[str]
) -> Iterator[Page]:
    """An empty page, watched; JupyterLab's is the one of the test before, for it loads slowly."""
    pages = profile.context.pages
    page = pages[0] if pages else profile.context.new_page()
    yield page
    kept = [page] if server else []
    for each in profile.context.pages:  # first, so that what was on its way has arrived
        if each not in kept:
            each.close()
    ours = [text for text in complaints if not any(re.search(each, text) for each in tolerated)]
    assert not ours, "the page did what it must not:\n" + "\n".join(ours)


def watch(context: BrowserContext, server: str | None, complaints: list[str]) -> None:
    """Note down each error, warning and foreign request of all pages of `context`."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            complaints.append(f"console {message.type}: {message.text} {message.location['url']}")

    def on_request(request: Request) -> None:
        if is_foreign(request.url, request.is_navigation_request(), server):
            complaints.append(f"request: {request.method} {request.url[:200]}")

    def on_page(page: Page) -> None:
        page.on("crash", lambda _: complaints.append("the page crashed"))
        page.on("websocket", lambda socket: on_socket(socket.url))

    def on_socket(url: str) -> None:
        if is_foreign(url, False, server):
            complaints.append(f"request: {url}")

    context.on("console", on_console)
    context.on("weberror", lambda raised: complaints.append(f"raised: {raised.error}"))
    context.on("request", on_request)
    context.on("page", on_page)


def is_foreign(url: str, is_navigation: bool, server: str | None) -> bool:
    """Whether `url` is neither what the test opened from disk, nor in the page, nor of `server`."""
    scheme = url.partition(":")[0]
    if scheme == "file":
        return not is_navigation  # a page that needs a second file is not self-contained
    if scheme in ("data", "blob", "about"):
        return False
    address = url.replace("ws", "http", 1) if scheme in ("ws", "wss") else url
    return server is None or not f"{address}/".startswith(f"{server}/")


@pytest.fixture
def screenshot(page: Page, colour_scheme: str) -> Callable[[str], Path]:
    """`screenshot("ten-nodes")` keeps what the page shows as out/ten-nodes-light.png."""

    def keep(name: str) -> Path:
        path = PICTURES / f"{name}-{colour_scheme}.png"
        page.screenshot(path=path)
        return path

    return keep


def module_page(page: Page, source: str, exports: Sequence[str]) -> Page:
    """Run an ES module in a blank `page`; its top-level names `exports` become the window's."""
    page.goto("about:blank")
    page.evaluate("() => addEventListener('error', () => { window.isLoaded = false; })")
    names = ", ".join([*exports, "isLoaded: true"])
    page.add_script_tag(content=f"{source}\nObject.assign(window, {{ {names} }});", type="module")
    page.wait_for_function("'isLoaded' in window")
    assert page.evaluate("isLoaded"), "the module does not run: see the complaints of its page"
    return page
