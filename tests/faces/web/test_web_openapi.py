"""The description of the API: valid, complete, its examples answered as it says; random questions are never a fault."""

import json

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from web_questions import Here

from vidcalc.faces.web.answers import ANSWERED
from vidcalc.faces.web.app import app
from vidcalc.faces.web.openapi import EXAMPLES, document

DESCRIBED = document()
QUICK = (
    "estimate",
    "page",
    "curve",
    "explain",
    "models",
    "gpus",
    "batch",
)  # of which each takes well under 1 s
FEW, MANY = 4, 600  # random questions of each path


@schemathesis.serializer("application/x-ndjson")
def one_line(_context, value):
    """A body of JSON Lines as it is."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The application by its own description."""
    return schemathesis.openapi.from_asgi("/openapi.json", app(Here(tmp_path_factory.mktemp("files"))))


def test_every_command_and_door_is_described():
    paths = set(DESCRIBED["paths"])
    assert {f"/api/v1/{name}" for name in (*ANSWERED, "page", "curve", "catalog", "words", "batch", "read")} <= paths
    assert set(EXAMPLES) == {*ANSWERED, "page", "curve", "batch"}
    assert DESCRIBED["openapi"] == "3.1.0"


def test_every_flag_is_described_with_its_help():
    asked = DESCRIBED["components"]["schemas"]["AskedEstimate"]["properties"]
    assert all(each.get("description") for each in asked.values())
    assert {"model", "gpu", "host_ram", "vae_tiling"} <= set(asked) and "json" not in asked and "svg" not in asked


def answered(client, name):
    """The example of a path is answered, and as its schema says."""
    answer = client.post(f"/api/v1/{name}", content=json.dumps(EXAMPLES[name]))
    assert answer.status_code == 200, answer.text[:500]
    content = DESCRIBED["paths"][f"/api/v1/{name}"]["post"]["responses"]["200"]["content"]
    if "application/json" in content and content["application/json"]["schema"]:
        schema = {**content["application/json"]["schema"], "components": DESCRIBED["components"]}
        jsonschema.validate(answer.json(), schema)


@pytest.mark.parametrize("name", QUICK)
def test_an_example_is_answered_as_described(name, client):
    answered(client, name)


@pytest.mark.whole
@pytest.mark.parametrize("name", sorted(set(EXAMPLES) - set(QUICK)))
def test_an_example_of_a_search_is_answered_as_described(name, client):
    answered(client, name)


def tried(described, name, method, most):
    """Random questions of a path: whatever is asked, the answer is one that is described."""
    statuses = []

    @settings(max_examples=most, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(case=described[name][method].as_strategy())
    def each(case):
        response = case.call()
        statuses.append(response.status_code)
        assert response.status_code < 500, (case.body, response.text)

    each()
    return statuses


PATHS = [(path, method.upper()) for path, methods in DESCRIBED["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), PATHS)
def test_random_questions_are_no_fault(described, path, method):
    assert tried(described, path, method, FEW)


@pytest.mark.whole
@pytest.mark.parametrize(("path", "method"), PATHS)
def test_ten_thousand_random_questions_are_no_fault(described, path, method):
    assert tried(described, path, method, MANY)
