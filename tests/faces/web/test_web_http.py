"""Routes, headers, bounds, the first answer, files that are sent, many questions at once."""

import json

import pytest

from vidcalc.faces.web import first, guard, link, static
from vidcalc.faces.web.remembered import Remembered

SMALL = {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "frames": 17}


def test_every_answer_has_the_headers_that_browsers_go_by(client):
    for answer in (client.get("/healthz"), client.get("/nowhere"), client.post("/api/v1/estimate", content=b"{")):
        assert guard.HEADERS.items() <= dict(answer.headers).items()
    policy = guard.HEADERS["content-security-policy"]
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "default-src 'none'" in policy


@pytest.mark.parametrize("size", [guard.LARGEST + 1, 3 * guard.LARGEST])
def test_a_body_beyond_the_bound_is_refused_whether_it_says_so_or_not(client, size):
    assert client.post("/api/v1/page", content=b" " * size).status_code == 413
    pieces = (b" " * 65536 for _ in range(size // 65536 + 1))
    assert client.post("/api/v1/page", content=pieces).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/api/v1/sweep", 404),
        ("POST", "/api/v1/serve", 404),
        ("GET", "/api/v1/page", 404),
        ("POST", "/api/v1/first", 404),
        ("PUT", "/api/v1/page", 405),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_what_there_is_not(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status and answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"1", b'"x"', b"{", b'{"asked":1}', b"\xff", b"[" * 50_000])
def test_a_body_that_is_no_question_is_refused(client, body):
    answer = client.post("/api/v1/page", content=body)
    assert answer.status_code == 422 and "JSON" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "value",
    [[], {}, [[1]], {"a": {"b": 1}}, True, 1e308, -0.0, "\u0000", "x" * 401, ["x"] * 65, "\ud7ff", 10**18, None],
)
@pytest.mark.parametrize("flag", ["model", "resolution", "frames", "lora", "parallel", "guidance_scales", "snap"])
def test_a_value_of_any_kind_is_answered_or_refused(client, flag, value):
    assert client.post("/api/v1/estimate", json={**SMALL, flag: value}).status_code in (200, 422)


def test_a_page_says_all_of_it_in_the_language_asked_for(client):
    big = {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-3060-12gb", "frames": 81}
    korean = client.post("/api/v1/page", json={"asked": big, "lang": "ko"}).json()
    said, memory = korean["said"], korean["report"]["memory"]["inference"]
    assert memory["verdict"] == "too_big" and said["label"] == "메모리 부족"
    assert set(said["stages"]) >= {row["id"] for row in memory["stages"]}
    assert said["measured"] and all(each["ours"] and each["theirs"] for each in said["measured"])
    best = said["changes"][0]
    changed = client.post("/api/v1/page", json={"asked": {**big, **best["set"]}}).json()["report"]
    assert changed["memory"]["inference"]["peak"] == best["peak"]
    assert changed["memory"]["inference"]["verdict"] != "too_big"
    assert changed["time"]["inference"]["total"] == pytest.approx(best["seconds"])


def test_without_changes_the_report_is_the_same_but_for_them(client):
    asked = {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-3060-12gb", "frames": 81}
    whole = client.post("/api/v1/page", json={"asked": asked}).json()
    quick = client.post("/api/v1/page", json={"asked": asked, "changes": False}).json()
    assert quick["said"]["changes"] is None and whole["said"]["changes"]
    whole["report"]["memory"]["inference"]["relief"] = []
    assert quick["report"] == whole["report"]


def test_a_curve_has_the_figures_of_single_estimates(client):
    for over, values in (("frames", [17, 33]), ("gpus", [1, 2]), ("steps", [10]), ("width", [416])):
        rows = client.post("/api/v1/curve", json={"asked": SMALL, "over": over, "values": values}).json()
        assert [row["value"] for row in rows] == values
        if over != "width":
            for row in rows:
                alone = client.post("/api/v1/estimate", json={**SMALL, over: row["value"]}).json()
                assert row["device"] == alone["memory"]["inference"]["device"]
                assert row["seconds"] == alone["time"]["inference"]["total"]
    usual = client.post("/api/v1/curve", json={"asked": SMALL, "over": "steps"}).json()
    assert [row["value"] for row in usual] == sorted({row["value"] for row in usual}) and len(usual) > 4


def test_a_curve_says_what_it_cannot(client):
    assert client.post("/api/v1/curve", json={"asked": SMALL, "over": "model"}).status_code == 422
    assert client.post("/api/v1/curve", json={"asked": SMALL, "over": "steps", "values": [1] * 33}).status_code == 422
    rows = client.post("/api/v1/curve", json={"asked": SMALL, "over": "steps", "values": [0, "x", 5]}).json()
    assert [("refused" in row) for row in rows] == [True, True, False]


def test_the_catalogue_has_what_a_form_needs(client):
    found = client.get("/api/v1/catalog?lang=ko").json()
    wan = next(each for each in found["models"] if each["id"] == "wan2.1-t2v-14b")
    assert wan["repository"].startswith("Wan-AI/") and [832, 480] in wan["sizes"] and wan["task"] == "t2v"
    assert any(each["id"] == "rtx-4090" and each["memory"] > 20e9 for each in found["gpus"])
    flags = {flag["name"]: flag for theme in found["flags"]["estimate"] for flag in theme["flags"]}
    assert (flags["offload"]["choices"] and "from" in flags["frames"]) or flags["frames"]["kind"] == "integer"
    assert "group" in found["labels"]["offload"]


def test_the_first_answer_is_readable_without_scripts(client):
    korean = client.get("/?q=v1:model=svd-xt%26gpu=rtx-4090", headers={"accept-language": "ko"}).text
    assert '<html lang="ko">' in korean and "RTX 4090" in korean and "GiB" in korean and "<script" not in korean
    refused = client.get("/?q=v1:model=<script>alert(1)</script>").text
    assert "<script" not in refused and 'role="alert"' in refused


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("v1:model=ltx-2&gpu=h100", {"model": "ltx-2", "gpu": "h100"}),
        ("v1:lora=32&lora=16:all&snap=true&.tab=train", {"lora": ["32", "16:all"], "snap": True}),
        ("v1:gpu=h100-sxm,memory=94GiB&model=a+b%20c", {"gpu": "h100-sxm,memory=94GiB", "model": "a b c"}),
        ("v2:model=ltx-2", {}),
        ("", {}),
        ("v1:" + "x" * 5000, {}),
    ],
)
def test_an_address_is_read_as_the_page_writes_it(text, asked):
    assert link.read(text) == asked


def test_the_page_of_the_package_has_the_answer_in_its_place():
    page = static.file("index.html", b'<!doctype html><html lang="en"><title>vidcalc</title><div><!--first--></div>')
    made = static.index({"index.html": page}, "ko", "T", "<p>x</p>").decode()
    assert made == '<!doctype html><html lang="ko"><title>T</title><div><p>x</p></div>'
    assert static.index({}, "en", "T", "<p>x</p>").count(b"<p>x</p>") == 1
    assert first.USUAL["model"] == "wan2.1-t2v-14b"


OOM = b"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.64 GiB"
TRAINING = b"""
dit = "models/wan2.2_t2v_low_noise_14B_fp16.safetensors"
task = "t2v-A14B"
dataset_config = "dataset.toml"
network_module = "networks.lora_wan"
network_dim = 16
optimizer_type = "adamw8bit"
gradient_checkpointing = true
max_train_steps = 2000
fp8_base = true
learning_rate = 2e-4
"""


def test_files_that_are_sent_become_questions(client, tmp_path):
    found = client.post("/api/v1/read?name=log.txt", content=OOM).json()
    assert found["command"] == "fix" and found["asked"] == {"gpu": "rtx-4090"}
    trained = client.post("/api/v1/read?name=../../train.toml", content=TRAINING).json()
    assert trained["command"] == "train" and trained["asked"]["lora_rank"] == 16, trained
    assert client.post("/api/v1/train", json={**trained["asked"], "gpu": "rtx-4090"}).status_code == 200
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "../../x.toml", "\u0000.json", "a" * 500 + ".gguf", "x.safetensors"]
)
def test_a_file_that_is_nothing_is_refused_under_any_name(client, name, tmp_path):
    answer = client.post("/api/v1/read", params={"name": name}, content=b"\x00\x01nothing")
    assert answer.status_code == 422 and str(tmp_path) not in answer.text
    assert not list(tmp_path.iterdir())


def test_many_questions_are_answered_line_by_line_in_their_order(client):
    asked = [{"name": "estimate", "asked": {**SMALL, "frames": frames}} for frames in (17, 33, 0)]
    lines = "\n".join(json.dumps(each) for each in asked) + "\nnonsense\n"
    answers = [json.loads(line) for line in client.post("/api/v1/batch", content=lines).text.splitlines()]
    assert [each["workload"]["frames"] for each in answers[:2]] == [17, 33]
    assert answers[2]["error"]["flag"] == "--frames" and "JSON" in answers[3]["error"]["message"]


def test_answers_that_are_known_take_no_more_room_than_they_may():
    known = Remembered(room=1000)
    for place in range(50):
        known.put(bytes([place]), (200, b"x" * 30))
    assert known.size <= 1000 and known.get(bytes([49])) == (200, b"x" * 30) and known.get(bytes([0])) is None
