"""A server with the page, and a real browser to look at it: Debian's chromium, driven by Playwright.

Pictures of what was looked at are kept in the folder that VIDCALC_SHOTS names.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "web"
CHROMIUM = os.environ.get("VIDCALC_CHROMIUM") or shutil.which("chromium") or ""
WIDE, HIGH = 1360, 900
PATIENT = ("--most-seconds", "120")  # a machine that tests is busy
WAIT = 60_000  # ms, for the same reason


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page is served: by a server of this run's own, or at VIDCALC_PAGE."""
    if "VIDCALC_PAGE" in os.environ:
        yield os.environ["VIDCALC_PAGE"]
        return
    pytest.importorskip("vidcalc_web")
    pytest.importorskip("starlette")
    told = tmp_path_factory.mktemp("server") / "said.txt"
    command = [sys.executable, "-c", "from vidcalc.faces.cli import main; main()", "serve", "--port", "0"]
    with told.open("w") as stream:
        server = subprocess.Popen([*command, *PATIENT], stderr=stream, env={**os.environ, "VIDCALC_LANG": "en"})
    found = ready(told)
    yield found
    server.terminate()
    assert server.wait(30) == 0, "a server that is told to end ends cleanly"


def ready(told):
    """The address that a server has said, once it answers there."""
    for _try in range(600):
        time.sleep(0.1)
        found = re.search(r"http://[\d.:]+/", told.read_text("utf-8"))
        if found is None:
            continue
        try:
            with urllib.request.urlopen(found[0] + "healthz", timeout=5):
                return found[0]
        except OSError:
            continue
    raise AssertionError(f"no server: {told.read_text('utf-8')}")


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as tools:
        found = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def look(browser, address):
    """Opens the page in a window of its own: look(fragment, lang="ko", wide=360, dark=True) -> page.

    What the page says on the console as an error fails the test.
    """
    windows, wrong = [], []

    def opened(fragment="", lang="en", wide=WIDE, high=HIGH, dark=False, scripts=True, strict=False):
        scheme = "dark" if dark else "light"
        window = browser.new_context(
            viewport={"width": wide, "height": high},
            color_scheme=scheme,
            locale=lang,
            java_script_enabled=scripts,
            bypass_csp=not strict,  # waiting for an expression is what the page's policy forbids
        )
        window.grant_permissions(["clipboard-read", "clipboard-write"])
        windows.append(window)
        page = window.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(address + fragment)
        if scripts:
            page.wait_for_selector("main.columns")
        return page

    yield opened
    kept = [each for each in wrong if "422" not in each and "503" not in each]  # refused, or asked again in a moment
    for window in windows:
        window.close()
    assert kept == []


@pytest.fixture
def shot(request):
    """Keeps a picture of a page for whoever wants to look: shot(page)."""
    folder = os.environ.get("VIDCALC_SHOTS")

    def kept(page, name=""):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(
                path=f"{folder}/{request.node.name}{name}.png".replace("[", "-").replace("]", ""), full_page=True
            )

    return kept


@pytest.fixture(scope="session")
def axe():
    """The rules of axe-core, as a script."""
    path = PAGE / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("npm ci in web/ brings axe-core")
    return path.read_text("utf-8")
