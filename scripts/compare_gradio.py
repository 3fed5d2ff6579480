"""How soon and how quickly our page answers beside a Gradio page of the same question, in one browser.

    python scripts/compare_gradio.py [--gradio VERSION] [--updates N] [--rounds N]

Needs the extra `web`, `vidcalc-web`, Playwright and a chromium. Gradio is installed at a pinned version into an
environment of its own, which is thrown away (or kept at --environment). Its page asks the same `vidcalc.estimate` for
the same model, GPU and frames, from widgets of its own, with its queue off and its loading animation hidden.

Sooner: from the navigation to the first numbers. Updates: from a key on the slider of frames to the changed numbers.
Exits with 1 where ours is not 5 times sooner and 4 times quicker.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path
from statistics import median
from typing import Any

GRADIO = "6.31.0"
SOONER, QUICKER = 5, 4  # times
PAUSE = 1500  # ms, in which a page draws what else it shows of an answer
ROOT = Path(__file__).resolve().parent.parent
THEIRS = """
import sys
import gradio
import vidcalc

def answer(model, gpu, frames):
    report = vidcalc.estimate(model, gpu=gpu, frames=int(frames))
    memory, time = report.memory.inference, report.time.inference
    return f"{memory.verdict}: {memory.peak / 2**30:.1f} GiB, {time.total:.1f} s, {int(frames)} frames"

models = [row.name for row in vidcalc.models()]
gpus = [row.id for row in vidcalc.gpus()]
with gradio.Blocks() as page:
    given = [
        gradio.Dropdown(models, value="wan2.1-t2v-14b", label="Model"),
        gradio.Dropdown(gpus, value="rtx-4090", label="GPU"),
        gradio.Slider(17, 161, value=81, step=4, label="Frames"),
    ]
    said = gradio.Textbox(label="Answer", elem_id="answer")
    for each in given:
        each.change(answer, given, said, queue=False, show_progress="hidden")
    page.load(answer, given, said, queue=False, show_progress="hidden")
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, share=False)
"""
SHOWN = {  # text that tells the first numbers; what holds the numbers; what to press
    "ours": (
        "document.querySelector('.verdict h2, main strong')?.textContent",
        "document.querySelector('.verdict p')?.textContent",
    ),
    "gradio": ("document.querySelector('#answer textarea')?.value",) * 2,
}
WATCH = """(expression) => new Promise(done => {
    const look = () => eval(expression);
    const before = look();
    const begun = performance.now();
    const again = () => look() !== before ? done(performance.now() - begun) : requestAnimationFrame(again);
    const slider = document.querySelector('input[type=range]');
    slider.stepUp();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    slider.dispatchEvent(new Event('change', { bubbles: true }));
    slider.dispatchEvent(new Event('pointerup', { bubbles: true }));
    requestAnimationFrame(again);
})"""


def gradio_python(folder: str, version: str) -> str:
    """Python of an environment with that Gradio; made where it is not there."""
    python = str(Path(folder) / "bin" / "python")
    if not Path(python).exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"gradio=={version}", str(ROOT)], check=True)
    return python


def ready(port: int) -> None:
    """Returns once something answers there."""
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers at port {port}")


def measured(browser: Any, address: str, kind: str, updates: int) -> tuple[float, list[float]]:
    """(milliseconds to the first numbers, milliseconds of each update) in a fresh window."""
    first, changing = SHOWN[kind]
    window = browser.new_context(locale="en", bypass_csp=True)
    page = window.new_page()
    page.set_default_timeout(120_000)
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(f"Boolean({first})")
    soon = 1000 * (time.perf_counter() - begun)
    page.wait_for_load_state("networkidle")
    times = []
    for _ in range(updates):
        times.append(page.evaluate(WATCH, changing))
        page.wait_for_timeout(PAUSE)
    window.close()
    return soon, times


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gradio", default=GRADIO, help="version of Gradio")
    parser.add_argument("--environment", default="", help="where Gradio is, or is to be kept")
    parser.add_argument("--updates", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as work:
        python = gradio_python(asked.environment or f"{work}/gradio", asked.gradio)
        (Path(work) / "theirs.py").write_text(THEIRS, "utf-8")
        outside = {**os.environ, "VIDCALC_LANG": "en", "GRADIO_ANALYTICS_ENABLED": "False"}
        serve = [sys.executable, "-m", "vidcalc", "serve", "--port"]
        ports = {"ours": 8791, "gradio": 8792}
        lines = {"ours": [*serve, str(ports["ours"])], "gradio": [python, f"{work}/theirs.py", str(ports["gradio"])]}
        servers = [subprocess.Popen(lines[kind], env=outside, stderr=subprocess.DEVNULL) for kind in ports]
        try:
            for port in ports.values():
                ready(port)
            soon: dict[str, list[float]] = {kind: [] for kind in ports}
            updates: dict[str, list[float]] = {kind: [] for kind in ports}
            chromium = os.environ.get("VIDCALC_CHROMIUM") or shutil.which("chromium")
            with sync_playwright() as tools:
                browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                for _ in range(asked.rounds):
                    for kind, port in ports.items():
                        first, times = measured(browser, f"http://127.0.0.1:{port}/", kind, asked.updates)
                        soon[kind].append(first)
                        updates[kind] += times
                browser.close()
        finally:
            for server in servers:
                server.terminate()
    shown = subprocess.run([python, "-c", "import gradio; print(gradio.__version__)"], capture_output=True, text=True)
    version = re.sub(r"\s", "", shown.stdout) or asked.gradio
    ratios = []
    for name, found, bar in (("first numbers", soon, SOONER), ("an update", updates, QUICKER)):
        mine, theirs = (median(found[kind]) for kind in ports)
        ratios.append((theirs / mine, bar))
        print(f"{name}: {mine:.0f} ms; Gradio {version}: {theirs:.0f} ms; {theirs / mine:.1f} x (bar {bar} x)")
    return int(any(ratio < bar for ratio, bar in ratios))


if __name__ == "__main__":
    raise SystemExit(main())
