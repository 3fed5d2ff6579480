"""The first answer as HTML: what a browser without scripts reads, and every browser before its scripts are there."""

from collections.abc import Mapping
from html import escape
from typing import Any

from vidcalc.faces.terminal.brief import OF_TRAINING
from vidcalc.faces.terminal.notes import warned
from vidcalc.faces.terminal.numbers import data, duration
from vidcalc.faces.web.answers import Refusal, refusals
from vidcalc.faces.web.link import read
from vidcalc.faces.web.page import page
from vidcalc.faces.words import _

USUAL = {"model": "wan2.1-t2v-14b", "gpu": "rtx-4090"}


def first(link: str) -> dict[str, str]:
    """{"title", "html"} of the question in an address; of a refused one the refusal."""
    asked = read(link) or USUAL
    try:
        with refusals():
            found = page(asked)
    except Refusal as refused:
        return {"title": "vidcalc", "html": f'<main><p role="alert">{escape(str(refused))}</p></main>'}
    return {"title": title(found["report"]), "html": f"<main>{answer(found['report'], found['said'])}</main>"}


def title(report: Any) -> str:
    """The model and the GPU."""
    return escape(f"{report.model.title} · {report.hardware.name}")


def answer(report: Any, said: Mapping[str, Any]) -> str:
    """Verdict, memory and time by stage, what to change, what to know."""
    job = report.workload
    size = _("{width}×{height}, {frames} frames", width=job["width"], height=job["height"], frames=job["frames"])
    time = ", ".join(filter(None, (said["time"], said["time_range"], said["cost"])))
    ways = [f"{each['text']}: {data(each['peak'])}, {each['slower']}" for each in said["changes"] or ()]
    return "".join(
        (
            f"<h1>{title(report)}</h1>",
            f"<p>{escape(size)}</p>",
            f"<p><strong>{escape(said['verdict'])}</strong></p>",
            f"<p>{escape(time)}</p>",
            _table(report, said),
            _list(_("What to change"), ways),
            _list(_("Note"), [warned(each) for each in report.warnings if each.id not in OF_TRAINING]),
        )
    )


def _table(report: Any, said: Mapping[str, Any]) -> str:
    """A row for each stage."""
    took = report.time.inference
    rows = (
        f"<tr><th scope=row>{escape(said['stages'][row.id])}</th><td>{data(row.total)}</td>"
        f"<td>{duration(getattr(took, row.id, 0))}</td></tr>"
        for row in report.memory.inference.stages
    )
    return f"<table>{''.join(rows)}</table>"


def _list(name: str, lines: list[str]) -> str:
    """A titled list; nothing where it is empty."""
    if not lines:
        return ""
    return f"<h2>{escape(name)}</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
