"""The API in OpenAPI 3.1, generated: bodies from the flags of the commands, answers from the structures of the reports,
examples that a test asks.
"""

from importlib import import_module
from typing import Any

import click
import msgspec

from vidcalc.base.version import __version__
from vidcalc.catalog import load
from vidcalc.faces.commands.schema import DOCUMENTS
from vidcalc.faces.flags.catalogue import said
from vidcalc.faces.flags.inputs import Named, Whole
from vidcalc.faces.web.answers import ANSWERED
from vidcalc.faces.web.asked import DEEP, MOST, command, named
from vidcalc.faces.web.bodies import Curve, Error, Page
from vidcalc.faces.words import _

NAMES = {"models": "ModelName", "accelerators": "GpuName"}
REF = "#/components/schemas/{name}"
ANYTHING: dict[str, Any] = {}
VALUE = {"type": ["string", "number", "boolean", "null"], "maxLength": DEEP}
JOB = {"anyOf": [{"type": "string", "maxLength": DEEP}, {"type": "object"}]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "estimate": {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "resolution": "480p", "frames": 33, "currency": "KRW"},
    "train": {"model": "wan2.1-t2v-1.3b", "mode": "lora", "gpu": "rtx-4090", "bucket": ["480px17"]},
    "compare": {"job": [{"gpu": "rtx-4090"}, "--gpu rtx-5090"], "model": "wan2.1-t2v-1.3b"},
    "chain": {"job": ["wan2.1-t2v-1.3b -f 17", {"model": "seedvr2-3b", "resolution": "1440x800"}], "gpu": "h100-sxm"},
    "fit": {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "max_time": "5min"},
    "choose": {"model": "wan2.1-t2v-1.3b", "frames": 17, "gpu": ["rtx-4090", "rtx-5090"], "gpus": 1},
    "fix": {"model": "wan2.1-t2v-14b", "gpu": "rtx-4090", "frames": 17},
    "scale": {"model": "wan2.1-t2v-1.3b", "gpu": "h100-sxm", "gpus": 2, "frames": 17},
    "plan": {"model": "wan2.1-t2v-1.3b", "gpu": "h100-sxm", "gpus": "2", "bucket": ["480px17"]},
    "budget": {"model": "wan2.1-t2v-1.3b", "gpu": "h100-sxm", "gpu_hours": 100},
    "explain": {"quantity": "sequence.total", "model": "wan2.1-t2v-1.3b"},
    "models": {},
    "gpus": {"filter": "hopper"},
    "page": {"asked": {"model": "wan2.1-t2v-1.3b", "gpu": "rtx-4090", "frames": 17}, "lang": "ko"},
    "curve": {"asked": {"model": "wan2.1-t2v-1.3b", "frames": 17}, "over": "frames", "values": [17, 33]},
    "batch": {"name": "estimate", "asked": {"model": "wan2.1-t2v-1.3b", "frames": 17}},
}


def document() -> dict[str, Any]:
    """The whole description, its prose in the language in use."""
    reports = {name: getattr(import_module(place), kind) for name, (place, kind) in DOCUMENTS.items()}
    refs, schemas = msgspec.json.schema_components([Page, Curve, Error, *reports.values()], ref_template=REF)
    answers = dict(zip(reports, refs[3:], strict=True))
    bodies = dict(zip(("page", "curve"), refs[:2], strict=True))
    for name in ANSWERED:
        schemas[asked_name(name)] = asked(name)
    schemas |= {title: {"type": "string", "enum": load.names(kind)} for kind, title in NAMES.items()}
    paths = {f"/api/v1/{name}": _post(name, _ref(asked_name(name)), answers.get(name, ANYTHING)) for name in ANSWERED}
    paths |= {f"/api/v1/{name}": _post(name, body, ANYTHING) for name, body in bodies.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "vidcalc", "version": __version__, "summary": _("Video Model Resource Calculator")},
        "paths": paths | OTHERS,
        "components": {"schemas": schemas},
    }


def asked_name(name: str) -> str:
    """What the question of a command is called among the schemas."""
    return f"Asked{name.title()}"


def asked(name: str) -> dict[str, Any]:
    """The question of a command: a property for each flag, with its help."""
    flags = {key: _flag(flag) for key, flag in named(command(name)).items()}
    return {"type": "object", "additionalProperties": False, "properties": flags}


def _flag(flag: click.Parameter) -> dict[str, Any]:
    """What a flag takes: its choices or bounds, anything as people type it, and several values."""
    words = {"description": said(flag)[1]} if isinstance(flag, click.Option) else {}
    if getattr(flag, "is_flag", False):
        return {"type": ["boolean", "null"], **words}
    one = JOB if flag.name == "job" else VALUE
    several = {"type": "array", "items": one, "maxItems": MOST}
    return {"anyOf": [*_known(flag.type), one, several], **words}


def _known(kind: click.ParamType) -> list[dict[str, Any]]:  # type: ignore[type-arg]
    """The choices or the bounds of a type."""
    if isinstance(kind, Named):
        return [_ref(NAMES[kind.kind])] if kind.kind in NAMES else []
    if isinstance(kind, Whole):
        return [{"type": "integer", "minimum": kind.low, "maximum": kind.high}]
    choices = getattr(kind, "choices", ())
    found = tuple(choices()) if callable(choices) else tuple(choices)
    return [{"enum": list(found)}] if found else []


def _post(name: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """A path that takes a question."""
    summary = _(str(command(name).help)).split("\n")[0] if name in ANSWERED else ""
    content = {"application/json": {"schema": body, "example": EXAMPLES[name]}}
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "parameters": [LANGUAGE],
            "requestBody": {"required": True, "content": content},
            "responses": {"200": _json("The answer", answer), **REFUSALS},
        }
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF.format(name=name)}


def _json(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


LANGUAGE = {"name": "lang", "in": "query", "required": False, "schema": {"type": "string"}}
REFUSALS = {
    status: _json(words, _ref("Error"))
    for status, words in {"413": "A body that is too large", "422": "A question that is refused", "503": "Busy"}.items()
}


def _get(name: str) -> dict[str, Any]:
    responses = {"200": _json("The answer", ANYTHING), "503": REFUSALS["503"]}
    return {"get": {"operationId": name, "parameters": [LANGUAGE], "responses": responses}}


def _sent(name: str, kind: str, parameters: list[dict[str, Any]], answer: str) -> dict[str, Any]:
    """A path that takes something other than JSON."""
    example = {"example": msgspec.json.encode(EXAMPLES[name]).decode()} if name in EXAMPLES else {}
    body = {"required": True, "content": {kind: {"schema": {"type": "string"}, **example}}}
    given = {"description": "The answer", "content": {answer: {"schema": ANYTHING}}}
    found = {"operationId": name, "parameters": [LANGUAGE, *parameters], "requestBody": body}
    return {"post": {**found, "responses": {"200": given, **REFUSALS}}}


OTHERS = {
    "/api/v1/catalog": _get("catalog"),
    "/api/v1/words": _get("words"),
    "/api/v1/batch": _sent("batch", "application/x-ndjson", [], "application/x-ndjson"),
    "/api/v1/read": _sent(
        "read",
        "application/octet-stream",
        [{"name": "name", "in": "query", "required": True, "schema": {"type": "string"}}],
        "application/json",
    ),
    "/healthz": {"get": {"operationId": "healthz", "responses": {"200": _json("Alive", {"type": "object"})}}},
}
