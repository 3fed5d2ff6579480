"""`vidcalc schema`: the JSON Schema of the report, generated from its structure."""

from typing import Any

from vidcalc.faces.flags import common
from vidcalc.faces.group import Command
from vidcalc.words import N_


def schema() -> None:
    """Print the schema of what `vidcalc estimate --json` prints."""
    from vidcalc.faces.emit import emit

    emit(report_schema(), indent=2)


def report_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a report, named by the report's own schema id."""
    import msgspec

    from vidcalc.report import SCHEMA, Report

    made = msgspec.json.schema(Report)
    made["$defs"]["Report"]["properties"]["schema"] = {"const": SCHEMA}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **made}


command = Command(
    "schema",
    params=common(),
    callback=schema,
    help=N_("The JSON Schema of the report that `vidcalc estimate --json` prints."),
    examples=("vidcalc schema",),
)
