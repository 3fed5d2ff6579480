"""The part of docs/accuracy.md on single networks that were measured here: each call beside its prediction.

`make_accuracy.py` puts it on the page; the rows are in src/vidcalc/data/measured/networks.csv.
"""

from typing import Any

from vidcalc.faces.words.validation import call, quantity
from vidcalc.validate.compared import Compared
from vidcalc.validate.network_run import NetworkValidation
from vidcalc.validate.network_summary import NetworkResult
from vidcalc.validate.network_table import NetworkRow

GIB = 2**30
BYTES = ("allocated", "reserved")
WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "## Single networks, measured here",
        "intro": "Real networks with random weights and inputs, one call each, in bf16 and eager PyTorch unless the "
        "row says otherwise: {stack} on {gpu}, {date}. Constants may be chosen with *fit* rows in view, none of the "
        "*check* rows. Memory in GiB, time in seconds; the peak holds weights and inputs.",
        "errors": ("role", "call", "measured", "rows", "median error", "largest error", "inside the interval"),
        "rows": ("row", "role", "measured", "predicted", "measured value", "ratio"),
        "stopped": "did not run: out of memory",
        "fits": "predicted to fit",
        "too big": "predicted not to fit",
    },
    "ko": {
        "title": "## 직접 측정한 네트워크",
        "intro": "무작위 가중치와 입력을 넣은 실제 네트워크를 한 번씩 호출한 측정입니다. 따로 적지 않으면 bf16, "
        "eager PyTorch입니다: {gpu}에서 {stack}, {date}. 상수는 *fit* 행만 보고 정할 수 있고 *check* 행은 채점에만 "
        "씁니다. 메모리는 GiB, 시간은 초이며 최댓값에는 가중치와 입력이 들어 있습니다.",
        "errors": ("역할", "호출", "측정", "행", "중앙값 오차", "최대 오차", "구간 안"),
        "rows": ("행", "역할", "측정", "예측", "측정값", "비율"),
        "stopped": "메모리 부족으로 실행 실패",
        "fits": "적합하다고 예측",
        "too big": "부족하다고 예측",
    },
}


def section(language: str, rows: list[NetworkRow], found: NetworkValidation) -> list[str]:
    """The lines of the section, headings included."""
    words = WORDS[language]
    setups = sorted({(row.stack, row.gpu, row.date) for row in rows})
    lines = [str(words["title"]), ""]
    lines += [str(words["intro"]).format(stack=stack, gpu=gpu, date=date) for stack, gpu, date in setups]
    lines += ["", *_head(words["errors"])]
    for each in sorted(found.summary, key=lambda one: (one.role, one.kind, one.quantity)):
        cells = (each.role, call(each.kind), quantity(each.quantity), each.rows, _percent(each.median))
        lines.append(_line((*cells, _percent(each.largest), _percent(each.held, 0))))
    lines += ["", *_head(words["rows"])]
    for result in found.rows:
        lines += _rows(result, words)
    return [*lines, ""]


def _rows(result: NetworkResult, words: dict[str, Any]) -> list[str]:
    """A line for each quantity of a row, or one on a row that did not run."""
    if result.fits is not None:
        verdict = words["fits" if result.fits else "too big"]
        return [_line((f"`{result.id}`", result.role, words["stopped"], verdict, "", ""))]
    return [
        _line((f"`{result.id}`", result.role, quantity(name), *_values(name, part)))
        for name, part in result.parts.items()
        if part.ratio is not None
    ]


def _values(name: str, part: Compared) -> tuple[str, str, str]:
    """Predicted, measured and their ratio."""
    assert part.predicted is not None and part.measured is not None and part.ratio is not None
    scale = GIB if name in BYTES else 1
    return f"{part.predicted / scale:.2f}", f"{part.measured / scale:.2f}", f"{part.ratio:.3f}"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _head(names: tuple[str, ...]) -> list[str]:
    return [_line(names), _line(("---",) * len(names))]


def _line(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
