"""The static twin: the calculator in the browser says what the command line says, at once where it was asked before,
and without a network once it was loaded."""

import functools
import json
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.browser

MINUTES = 240_000  # ms: beginning Python takes seconds, on a busy machine many
REQUESTS = [
    ("estimate", {"model": "wan2.1-t2v-14b"}),
    ("estimate", {"model": "cogvideox-5b", "precision": "int8", "gpu": "rtx-4090", "vae_tiling": "default"}),
    ("estimate", {"params": "3B", "resolution": "1080p", "frames": "120"}),
    ("estimate", {"model": "svd", "batch_size": "2", "gpu": "rtx-3090"}),
    ("estimate", {"model": "hunyuanvideo-t2v", "gpu": "h100-sxm", "gpus": "8", "parallel": "ulysses=8"}),
    ("train", {"model": "wan2.1-t2v-1.3b", "mode": "lora", "gpu": "rtx-4090", "checkpointing": "full"}),
    ("compare", {"job": ["ltx-2 -r 768x512", "wan2.1-t2v-14b"]}),
    ("explain", {"model": "wan2.1-t2v-14b", "quantity": "compute.flops_per_step"}),
    ("estimate", {"model": "wan2.1-t2v-14b", "precision": "fp88"}),
]
ASK = """async ([name, body]) => {
    window.asker ??= (() => {
        const worker = new Worker('worker.js', { type: 'module' });
        const waiting = new Map();
        let last = 0;
        worker.onmessage = ({ data }) => waiting.get(data.id)?.(data);
        return (name, body) => new Promise(done => {
            waiting.set(++last, done);
            worker.postMessage({ id: last, name, body, lang: 'en' });
        });
    })();
    return (await window.asker(name, body)).text;
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


def test_the_browser_gives_the_json_of_the_command_line(window):
    from vidcalc.faces.web.doors import opened

    for name, asked in REQUESTS:
        said = window.evaluate(ASK, [name, json.dumps(asked)])
        _status, ours = opened(name, json.dumps(asked).encode())
        assert said == ours.decode(), (name, asked)


def test_what_needs_arrays_says_so(window):
    said = window.evaluate(ASK, ["choose", '{"model": "wan2.1-t2v-1.3b"}'])
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
