"""The static twin: the calculator in the browser says what the command line says, at once where it was asked before,
and without a network once it was loaded."""

import functools
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from page_requests import requests

from vidcalc.faces.cli import run, vidcalc

pytestmark = pytest.mark.browser

MINUTES = 240_000  # ms: beginning Python takes seconds, on a busy machine many
MADE, SEED, ANSWERED = 200, 20261201, 140  # requests, and of them at least so many with an answer
ASK = """async ([name, body, lang]) => {
    window.asker ??= (() => {
        const worker = new Worker('worker.js', { type: 'module' });
        const waiting = new Map();
        let last = 0;
        worker.onmessage = ({ data }) => waiting.get(data.id)?.(data);
        return (name, body, lang) => new Promise(done => {
            waiting.set(++last, done);
            worker.postMessage({ id: last, name, body, lang });
        });
    })();
    return (await window.asker(name, body, lang)).text;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a site on a plain file host."""
    pytest.importorskip("vidcalc_web")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-c", "from vidcalc.faces.cli import main; main()", "site", str(folder)]
    subprocess.run(command, check=True, capture_output=True)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_words):
            """Says nothing."""

    host = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{host.server_port}/"
    host.shutdown()
    host.server_close()


@pytest.fixture(scope="module")
def window(browser, site):
    """One window for all, since Python begins once in it."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    page.set_default_timeout(MINUTES)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(site)
    yield page
    context.close()


def test_the_first_numbers_are_there_before_python_is(window):
    window.wait_for_selector(".verdict h2")
    assert "44.5 GiB" in window.text_content(".tiles")


def test_python_in_the_browser_answers_and_follows_a_slider(window):
    window.wait_for_selector(".plot canvas")
    window.get_by_role("slider", name="Frames").focus()
    window.keyboard.press("ArrowRight")
    window.wait_for_function("document.querySelector('.verdict p').textContent.includes('85 frames')")
    assert all(url.startswith(("http://127.0.0.1:", "blob:", "data:")) for url in window.asked)


def served(address, each):
    """(status, text) of a request as the server answers it."""
    body = json.dumps(each.asked).encode()
    asked = urllib.request.Request(f"{address}api/v1/{each.name}?lang={each.lang}", body, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_the_command_line_a_server_and_the_browser_say_the_same(window, address, capsys):
    statuses = []
    for each in requests(MADE, SEED):
        run(vidcalc, "vidcalc", [*each.words[:1], "--json", f"--lang={each.lang}", *each.words[1:]])
        printed = capsys.readouterr().out.rstrip("\n")
        status, text = served(address, each)
        assert text == printed, each
        assert window.evaluate(ASK, [each.name, json.dumps(each.asked), each.lang]) == printed, each
        statuses.append(status)
    assert set(statuses) <= {200, 422} and statuses.count(200) >= ANSWERED


def test_what_needs_arrays_says_so(window):
    said = window.evaluate(ASK, ["choose", '{"model": "wan2.1-t2v-1.3b"}', "en"])
    answer = json.loads(said)
    assert "rows" in answer or "NumPy" in answer["error"]["message"]


def test_it_works_without_a_network_once_it_was_loaded(window):
    window.wait_for_function("navigator.serviceWorker.controller !== null")
    window.wait_for_function("caches.keys().then(names => names.length === 1)")
    window.context.set_offline(True)
    window.reload()
    window.wait_for_selector(".verdict h2")
    window.wait_for_selector(".plot canvas")
    window.context.set_offline(False)


def test_an_older_site_is_replaced_by_a_newer_one(site, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site + "offline.js")
    text = page.inner_text("body")
    assert "vidcalc-VERSION" not in text and "vidcalc-" in text
    context.close()
