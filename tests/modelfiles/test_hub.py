"""A repository of the hub, against a stand-in server: configurations and headers travel, weights never."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("huggingface_hub", reason="extra `hub` is not installed")

REVISION = "0123456789abcdef0123456789abcdef01234567"
PROGRAM = "import sys; from vidcalc.faces.cli import main; main()"
SOURCE = Path(__file__).parents[2] / "src"


class Hub(ThreadingHTTPServer):
    """Serves one folder as the repository "owner/name"; `sent` counts bytes by path."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.root = root
        self.sent: dict[str, int] = {}
        self.ranges = True
        self.gated = False


class Answer(BaseHTTPRequestHandler):
    """The three questions the client asks: the file list, a file's head, and (part of) a file."""

    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.server.gated:
            self.refuse(403, "GatedRepo")
        elif re.fullmatch(r"/api/models/owner/name/tree/[^/]+", path):
            files = [each for each in sorted(self.server.root.rglob("*")) if each.is_file()]
            listed = [
                {
                    "type": "file",
                    "oid": "0" * 40,
                    "size": f.stat().st_size,
                    "path": f.relative_to(self.server.root).as_posix(),
                }
                for f in files
            ]
            self.send(200, json.dumps(listed).encode(), {"Content-Type": "application/json"})
        elif match := re.fullmatch(r"/owner/name/resolve/[^/]+/(.+)", path):
            self.file(match[1])
        else:
            self.refuse(404, "RepoNotFound")

    def file(self, name: str) -> None:
        target = self.server.root / name
        if not target.is_file():
            self.refuse(404, "EntryNotFound")
            return
        size = target.stat().st_size
        headers = {"ETag": f'"{name}-{size}"', "X-Repo-Commit": REVISION, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if asked is None or not self.server.ranges:  # of a large file only the beginning: nobody should want more
            with open(target, "rb") as file:
                self.send(200, file.read(1 << 20), headers, name)
            return
        first, last = int(asked[1]), min(int(asked[2]), size - 1)
        if first >= size:
            self.send(416, b"", headers)
            return
        with open(target, "rb") as file:
            file.seek(first)
            body = file.read(last - first + 1)
        self.send(206, body, headers | {"Content-Range": f"bytes {first}-{last}/{size}"}, name)

    def send(self, status: int, body: bytes, headers: dict[str, str], name: str = "") -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
            self.server.sent[name] = self.server.sent.get(name, 0) + len(body)

    def refuse(self, status: int, code: str) -> None:
        self.send(status, b"{}", {"X-Error-Code": code})

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(make, tmp_path) -> Iterator[Hub]:
    """A repository with a pipeline of small networks, its denoiser's weights among the files."""
    root = make.pipeline(tmp_path / "repository", "wan2.1-t2v-1.3b", num_layers=4)
    make.safetensors(root / "transformer/diffusion_pytorch_model.safetensors", make.wan(4, 12, 8960))
    server = Hub(root)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask_hub(hub, tmp_path):
    """`vidcalc estimate --from hf:…` as a process of its own, whose hub is the stand-in."""

    def asked(name: str, endpoint: str | None = None) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.casefold().endswith("_proxy")}
        kept = {key: value for key, value in kept.items() if not key.startswith("HF_")}
        settings = {
            "HF_ENDPOINT": endpoint or f"http://127.0.0.1:{hub.server_address[1]}",
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": str(SOURCE),
            "LANG": "C.UTF-8",
        }
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, "estimate", "--from", name, "--json"],
            env=kept | settings,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return asked


def test_a_repository_answers_like_the_same_folder(hub, ask_hub, ask):
    done = ask_hub("hf:owner/name")
    assert done.returncode == 0, done.stderr + done.stdout
    remote = json.loads(done.stdout)
    local = json.loads(ask("estimate", "--from", str(hub.root), "--json").out)
    assert remote["compute"] == local["compute"]
    assert remote["memory"]["inference"]["peak"] == local["memory"]["inference"]["peak"]
    assert remote["model"]["components"] == local["model"]["components"]
    assert remote["model"]["name"] == "owner/name"
    weights = hub.root / "transformer/diffusion_pytorch_model.safetensors"
    assert 0 < hub.sent["transformer/diffusion_pytorch_model.safetensors"] < weights.stat().st_size / 100


def test_a_revision_can_be_named(ask_hub):
    assert ask_hub(f"hf:owner/name@{REVISION}").returncode == 0


def test_one_file_of_a_repository_can_be_named(ask_hub, make):
    done = ask_hub("hf:owner/name/transformer/diffusion_pytorch_model.safetensors")
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["model"]["params"] == make.elements(make.wan(4, 12, 8960))
    assert "identified_by_names" in {each["id"] for each in found["assumptions"]}


def refused(done) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return str(json.loads(done.stdout)["error"]["message"])


def test_what_the_hub_refuses_is_one_clear_message(hub, ask_hub):
    assert "no such repository" in refused(ask_hub("hf:owner/other"))
    hub.ranges = False
    assert "without ranges" in refused(ask_hub("hf:owner/name"))
    hub.gated = True
    assert "gated" in refused(ask_hub("hf:owner/name@main"))


@pytest.mark.long
def test_a_hub_that_does_not_answer_is_said(ask_hub):
    assert "does not answer" in refused(ask_hub("hf:owner/name", "http://127.0.0.1:9"))
