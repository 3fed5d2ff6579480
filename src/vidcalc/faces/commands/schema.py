"""`vidcalc schema`: the JSON Schema of what a command prints with --json, generated from its structure."""

from typing import Any

import click

from vidcalc.faces.flags import common
from vidcalc.faces.group import Command
from vidcalc.faces.inputs import OneOf
from vidcalc.words import N_

DOCUMENTS = ("report", "scale")  # of `vidcalc estimate` and of `vidcalc scale`


def schema(document: str) -> None:
    """Print the schema of what `vidcalc estimate --json` prints, or `vidcalc scale --json`."""
    from vidcalc.faces.emit import emit

    emit(report_schema() if document == "report" else scale_schema(), indent=2)


def report_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a report, named by the report's own schema id."""
    from vidcalc.report import SCHEMA, Report

    return _schema(Report, SCHEMA)


def scale_schema() -> dict[str, Any]:
    """The JSON Schema of what `vidcalc scale --json` prints."""
    from vidcalc.search.scale import SCHEMA, Scaling

    return _schema(Scaling, SCHEMA)


def _schema(document: Any, name: str) -> dict[str, Any]:
    import msgspec

    made = msgspec.json.schema(document)
    made["$defs"][document.__name__]["properties"]["schema"] = {"const": name}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **made}


command = Command(
    "schema",
    params=[
        click.Argument(
            ["DOCUMENT"], required=False, default="report", type=OneOf(*DOCUMENTS), metavar="[report|scale]"
        ),
        *common(),
    ],
    callback=schema,
    help=N_("The JSON Schema of what `vidcalc estimate --json` prints (report), or `vidcalc scale --json` (scale)."),
    examples=("vidcalc schema", "vidcalc schema scale"),
)
