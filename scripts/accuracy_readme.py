"""The READMEs' figures of accuracy: what is written between <!-- figures --> and <!-- /figures --> is made here.

Memory and time are of generations, in three views (see docs/accuracy.md): rows in view when patterns and constants were
made, settings held aside, and sources held aside. Times give every model family the same weight.
"""

import re
import textwrap
from pathlib import Path
from typing import Any

from vidcalc.validate.official import mean_error, points
from vidcalc.validate.sources import CELL, SEEN, SOURCE

ROOT = Path(__file__).resolve().parent.parent
FILES = {"en": "README.md", "ko": "README.ko.md"}
WIDTH = {"en": 118, "ko": 78}  # characters of a line
BETWEEN = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
VIEWS = {"seen": SEEN, "cell": CELL, "source": SOURCE}
TOLD = {
    "en": (
        "Against published peaks of real GPUs the median error of memory is {m_seen} over {m_seen_rows} rows "
        "that were in view while patterns were made (none of them was fitted to; {m_alloc} where the counter is "
        "known to be the allocator's), {m_cell} over {m_cell_rows} settings held aside and {m_source} over "
        "{m_source_rows} rows of sources held aside or added later; nine in ten lie within {p_seen}, {p_cell} "
        "and {p_source}.",
        "Against published times, every model family weighing the same, the median error is {t_seen} over "
        "{t_seen_rows} rows in view, {t_cell} over {t_cell_rows} settings held aside and {t_source} over "
        "{t_source_rows} rows of sources held aside; {held_seen}, {held_cell} and {held_source} lie inside the "
        "stated interval. The official Wan 2.2 A14B table ({official_rows} points) is met with a mean error of "
        "{official}, none of it used in a fit.",
        "Against published training runs the median error is {tm} for memory ({tm_rows} rows) and {tt} for time "
        "({tt_rows} rows); of {side_rows} runs that ran out of memory or just fitted {side_right} are on the "
        "right side of their card.",
    ),
    "ko": (
        "실제 GPU에서 공개된 최대 메모리와 비교한 오차의 중앙값은 패턴을 정할 때 본 {m_seen_rows}행에서 "
        "{m_seen}(상수를 맞추는 데 쓴 행은 없음, 할당자 카운터가 확실한 행은 {m_alloc}), 떼어 둔 설정 "
        "{m_cell_rows}행에서 {m_cell}, 떼어 두었거나 나중에 더한 출처 {m_source_rows}행에서 {m_source}입니다. "
        "열에 아홉은 차례로 {p_seen}, {p_cell}, {p_source} 안에 있습니다.",
        "공개된 시간과 비교하면(모델 계열마다 같은 가중치) 오차의 중앙값은 본 {t_seen_rows}행에서 {t_seen}, 떼어 "
        "둔 설정 {t_cell_rows}행에서 {t_cell}, 떼어 둔 출처 {t_source_rows}행에서 {t_source}이고, 제시한 구간 "
        "안에 차례로 {held_seen}, {held_cell}, {held_source}가 있습니다. Wan 2.2 A14B 공식 "
        "표({official_rows}개)는 상수를 맞추는 데 쓰지 않고 평균 오차 {official}로 예측합니다.",
        "공개된 학습 기록과 비교한 오차의 중앙값은 메모리 {tm}({tm_rows}행), 시간 {tt}({tt_rows}행)이고, "
        "메모리가 모자랐거나 간신히 들어간 기록 {side_rows}개 가운데 {side_right}개를 올바르게 판정합니다.",
    ),
}


def write(measured: dict[str, tuple[list[Any], Any]]) -> None:
    """Both READMEs' figures anew."""
    figures = collected(measured)
    for language, name in FILES.items():
        file = ROOT / name
        made = "".join(item(text.format(**figures), WIDTH[language]) for text in TOLD[language])
        text, count = BETWEEN.subn(rf"\g<1>{made}\g<2>", file.read_text(encoding="utf-8"))
        if count != 1:
            raise SystemExit(f"{name}: no place for the figures of accuracy")
        file.write_text(text, encoding="utf-8")


def item(text: str, width: int) -> str:
    """One entry of a list, in lines; a number stays with its percent sign."""
    kept = text.replace(" %", "\u00a0%")
    lines = textwrap.fill(kept, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return lines.replace("\u00a0", " ") + "\n"


def collected(measured: dict[str, tuple[list[Any], Any]]) -> dict[str, str]:
    """The figures by the names that the sentences give them."""
    (rows, found), (_training, trained) = measured["inference"], measured["training"]
    memory, time = found.summary.memory, found.summary.time
    out: dict[str, str] = {}
    for view, name in VIEWS.items():
        kept, even = memory.by_view[name], time.views[name]
        out |= {f"m_{view}": percent(kept.median_absolute_error), f"m_{view}_rows": str(kept.rows)}
        out |= {f"p_{view}": percent(kept.p90_absolute_error), f"held_{view}": share(even.held)}
        out |= {f"t_{view}": percent(even.median_absolute_error), f"t_{view}_rows": str(even.rows)}
    own = next(each for each in memory.crossed if (each.view, each.part) == (SEEN, "allocated"))
    official = points(rows)
    sides = trained.summary.bounds
    return out | {
        "m_alloc": percent(own.errors.median_absolute_error),
        "official": percent(mean_error(official)),
        "official_rows": str(len(official)),
        "tm": percent(trained.summary.memory.all.median_absolute_error),
        "tm_rows": str(trained.summary.memory.all.rows),
        "tt": percent(trained.summary.time.all.median_absolute_error),
        "tt_rows": str(trained.summary.time.all.rows),
        "side_rows": str(sides.rows),
        "side_right": str(sides.right),
    }


def percent(error: float | None) -> str:
    """An error in percent. Raises SystemExit where there is none: no row is no perfect figure."""
    if error is None:
        raise SystemExit("no row for a figure of the READMEs")
    return f"{100 * error:.1f} %"


def share(part: float | None) -> str:
    """A share in whole percent. Raises SystemExit where there is none."""
    if part is None:
        raise SystemExit("no row for a share of the READMEs")
    return f"{100 * part:.0f} %"
