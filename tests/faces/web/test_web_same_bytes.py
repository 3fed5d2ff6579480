"""The door, HTTP and the command line give the same bytes: of 24 requests of the snapshot, and of 200 where asked."""

import shlex
from collections import Counter

import msgspec
import pytest
from web_questions import asked_of, lines

from vidcalc.faces.flags.reach import reaches
from vidcalc.faces.web.answers import ANSWERED, Refusal, answer
from vidcalc.faces.web.asked import JOB, command, named
from vidcalc.faces.web.bodies import Error, Problem

FEW, MANY = 24, 200
SMALL = {"model": "wan2.1-t2v-1.3b", "frames": 17}
SLOW = ("plan", "choose", "scale", "budget", "fit", "fix", "explain")  # seconds each


def harmless(name, asked):
    """Whether no value of a question reaches beyond the program."""
    flags = named(command(name))
    several = ((flags[key], value if isinstance(value, list) else [value]) for key, value in asked.items())
    return not any(not isinstance(one, bool) and reaches(flag.type, one) for flag, all_ in several for one in all_)


def drawn(count):
    """So many requests, evenly over the file, without those of searches where they are few."""
    found = []
    for line in lines():
        name = line.split()[0]
        question = None if name not in ANSWERED or (count == FEW and name in SLOW) else asked_of(line)
        if question is not None and JOB not in question[1] and harmless(*question):
            found.append((line, *question))
    step = len(found) / count
    return [found[int(place * step)] for place in range(count)]


def same(line, name, asked, ask, client):
    printed = ask(*shlex.split(line), "--json").out.rstrip("\n")
    served = client.post(f"/api/v1/{name}", content=msgspec.json.encode(asked))
    assert served.text == printed, line
    assert door(name, asked) == printed, line
    return served.status_code


def door(name, asked):
    """What the door says, a refusal as the command line prints it."""
    try:
        return answer(name, asked).decode()
    except Refusal as refused:
        return msgspec.json.encode({"error": refused.as_dict()}).decode()


@pytest.mark.parametrize("line", drawn(FEW), ids=lambda each: each[0])
def test_the_same_bytes(line, ask, client):
    same(*line, ask, client)


@pytest.mark.whole
def test_the_same_bytes_of_two_hundred(ask, client):
    requests = drawn(MANY)
    assert len({line for line, *_ in requests}) == MANY
    statuses = Counter(same(*each, ask, client) for each in requests)
    assert set(statuses) <= {200, 422} and statuses[200] > 150


def test_a_refusal_is_that_of_the_command_line(ask, client):
    line = ("estimate", "-m", "wan2.1-t2v-14b", "--steps", "0", "--json")
    served = client.post("/api/v1/estimate", json={"model": "wan2.1-t2v-14b", "steps": 0})
    assert served.status_code == 422 and served.text == ask(*line).out.strip()
    assert served.json()["error"]["nearest"] == "1"


def test_money_is_told_in_a_currency_as_the_command_line_tells_it(ask, client):
    job = {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "frames": 17}
    line = ("estimate", "-m", "wan2.1-t2v-1.3b", "--gpu", "rtx-4090", "-f", "17", "--json")
    won = client.post("/api/v1/estimate", json={**job, "currency": "krw"})
    assert won.text == ask(*line, "--currency", "krw").out.rstrip("\n")
    assert won.json()["currency"]["code"] == "KRW"
    assert "₩" in client.post("/api/v1/page", json={"asked": {**job, "currency": "KRW"}}).json()["said"]["cost"]
    assert client.post("/api/v1/estimate", json=job).text == ask(*line).out.rstrip("\n")  # of one question alone
    refused = client.post("/api/v1/estimate", json={**job, "currency": "KRX"}).json()["error"]
    assert (refused["flag"], refused["nearest"]) == ("--currency", "KRW")


@pytest.mark.parametrize(
    ("door", "asked", "said"),
    [
        ("explain", {**SMALL, "quantity": "sequence.total", "currency": "KRW"}, "has no effect here"),
        ("curve", {"asked": {**SMALL, "currency": "KRW"}, "over": "frames", "values": [17]}, "has no effect here"),
        ("compare", {"job": [{**SMALL, "currency": "KRW"}, SMALL]}, "belongs to all jobs: beside `job`"),
        ("chain", {"job": [{**SMALL, "currency": "KRW"}]}, "belongs to all jobs: beside `job`"),
    ],
)
def test_a_currency_where_it_has_no_effect_is_refused_with_the_reason(client, door, asked, said):
    refused = client.post(f"/api/v1/{door}", json=asked)
    assert refused.status_code == 422
    assert refused.json()["error"]["flag"] == "--currency"
    assert said in refused.json()["error"]["message"]


def test_a_comparison_has_its_currency_beside_its_jobs(client):
    told = client.post("/api/v1/compare", json={"job": [SMALL, SMALL], "currency": "KRW"}).json()
    assert told["currency"]["code"] == "KRW"


def test_every_refusal_has_the_shape_that_is_described(client):
    told = (
        client.post("/api/v1/estimate", json={"steps": 0}),  # by a flag
        client.post("/api/v1/estimate", content=b"{"),  # no question
        client.post("/api/v1/batch", content=b"{"),
        client.post("/api/v1/nothing", json={}),
        client.post("/api/v1/estimate", content=b" " * 2**19),
    )
    for each in told:
        msgspec.json.decode(each.text, type=Error, strict=True)
        assert list(msgspec.json.decode(each.text)["error"]) == list(Problem.__struct_fields__)
    large = client.post("/api/v1/estimate", content=b" " * 2**19, headers={"accept-language": "ko"})
    assert (large.status_code, large.json()["error"]["message"]) == (413, "본문이 너무 큽니다")


def test_a_refusal_is_said_in_the_language_asked_for(client):
    asked = {"model": "wan2.1-t2v-14b", "steps": 0}
    korean = client.post("/api/v1/estimate", json=asked, headers={"accept-language": "ko-KR,ko;q=0.9"}).json()
    assert "허용" in korean["error"]["message"]
    assert "allowed" in client.post("/api/v1/estimate", json=asked).json()["error"]["message"]
