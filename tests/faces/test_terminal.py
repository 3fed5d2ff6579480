"""What a terminal shows: columns that line up with Hangul, lines that fit, colour only where wanted, plain letters."""

import io
import json
import re
import sys
from itertools import pairwise

import pytest

from vidcalc.faces.calculator import calculator
from vidcalc.faces.cli import vidcalc
from vidcalc.faces.flags.catalogue import FLAGS
from vidcalc.faces.terminal import cells
from vidcalc.faces.terminal.cells import Paint

LANGUAGES = ("en", "ko")
COMMANDS = (
    "budget",
    "bugreport",
    "serve",
    "site",
    "chain",
    "choose",
    "compare",
    "estimate",
    "explain",
    "fit",
    "fix",
    "gpus",
    "measure",
    "models",
    "plan",
    "scale",
    "sweep",
    "schema",
    "train",
    "validate",
    "verify",
)
PAGES = {
    "report by name": ("estimate", "-m", "wan2.1-t2v-14b"),
    "whole report": ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--full"),
    "report by count": ("estimate", "-p", "3B", "-r", "1080p", "-f", "120"),
    "report that does not fit": ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090", "--gpus", "8", "-b", "64"),
    "report of an estimate": ("estimate", "-m", "sora"),
    "unet": ("estimate", "-p", "1B", "-r", "480p", "-f", "16", "--arch", "unet"),
    "explanation": ("explain", "time.inference.total", "-m", "wan2.1-t2v-14b"),
    "memory explained": ("explain", "memory.training.total", "-p", "3B", "-r", "1080p", "-f", "120"),
    "plans by memory": ("plan", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100-sxm", "--gpus", "4", "--by", "memory"),
    "plans": ("plan", "-m", "wan2.1-t2v-1.3b", "--gpu", "h100-sxm", "--gpus", "4,8"),
    "budget of a model": ("budget", "--gpus", "8", "--hours", "24", "-m", "wan2.1-t2v-1.3b", "--clips", "100000"),
    "budget alone": ("budget", "--budget", "20000USD", "--gpu", "h200", "--law", "image-dit"),
    "training run": ("train", "-m", "wan2.1-t2v-14b", "--gpus", "8", "--sharding", "fsdp", "--texts", "online"),
    "training run in buckets": (
        *("train", "-m", "ltx-video-2b", "--bucket", "512x512x1:0.5:b64", "--bucket", "1920x1080x160:0.3:b12"),
        *(
            "--bucket",
            "256x256x16",
            "--snap",
            "--gpus",
            "1000",
            "--networks",
            "rl",
            "--rollout-steps",
            "4",
            "--validation",
            "on",
        ),
    ),
    "models": ("models",),
    "gpus": ("gpus",),
    "help": ("--help",),
    **{f"{name} help": (name, "--help") for name in COMMANDS},
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_fits_80_cells(page, language, ask):
    done = ask(*PAGES[page], "--lang", language)
    assert done.code == 0, done.err
    too_wide = [line for line in done.out.splitlines() if cells.width(line) > 80 and "calculator.py" not in line]
    assert too_wide == []
    assert all(line == line.rstrip() for line in done.out.splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_bars_of_the_stages_start_in_one_column(language, ask):
    out = ask("estimate", "-m", "wan2.1-t2v-14b", "--lang", language).out
    rows = [line for line in out.splitlines() if re.search("█.*░.*GiB", line)]
    assert len(rows) == 5
    assert len({cells.width(row[: row.index("█")]) for row in rows}) == 1
    assert len({cells.width(row[: row.rindex("░")]) for row in rows}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_sizes_of_the_training_rows_end_in_one_column(language, ask):
    out = ask("estimate", "-m", "wan2.1-t2v-14b", "--full", "--lang", language).out
    rows = [line for line in out.splitlines() if re.search(r"[GM]iB +[\d.]+ %", line)]
    assert len(rows) == 6
    assert len({cells.width(re.match(r".*?[GM]iB", row).group()) for row in rows}) == 1


def test_a_hangul_syllable_takes_two_cells():
    assert cells.width("메모리 VRAM") == 6 + 5
    assert cells.pad("가", 4) == "가  "
    assert cells.pad("가", 4, ">") == "  가"


PROSE = ("words of several lengths to be wrapped", "여러 길이의 한글 낱말을 줄로 나눕니다", "가" * 50)


@pytest.mark.parametrize("text", PROSE)
def test_wrapped_lines_fit_and_lose_nothing(text):
    lines = cells.wrap(text, 17)
    assert all(cells.width(line) <= 17 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_bar_is_as_long_as_asked_and_its_parts_are_in_proportion():
    drawn = cells.bar([(50, "█", ""), (25, "▓", "")], 100, 40, Paint(False))
    assert drawn == "█" * 20 + "▓" * 10 + "░" * 10
    assert cells.bar([(300, "█", "")], 100, 40, Paint(False)) == "█" * 40
    assert cells.bar([], 0, 5, Paint(False)) == "░" * 5


def test_colour_never_counts_as_width_and_can_be_forced_or_refused(ask, monkeypatch):
    base = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "rtx-4090")
    plain = ask(*base).out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = ask(*base).out
    assert "\x1b[1;31mdoes not fit\x1b[0m" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert ask(*base).out == plain


def test_a_coloured_table_is_the_plain_one_with_colour():
    rows = [[("가나", "bad"), "1"], ["abc", ("22", "good")]]
    plain = cells.table(rows, "<>", Paint(False))
    coloured = cells.table(rows, "<>", Paint(True))
    assert coloured != plain
    assert [re.sub("\x1b\\[[0-9;]*m", "", line) for line in coloured] == plain


VIDEO = ("estimate", "--precision", "fp32", "-b")


@pytest.mark.parametrize(
    "job",
    [
        (*VIDEO, "1", "--gpu", "rtx-4090"),
        (*VIDEO, "1", "--gpu", "rtx-5090"),
        (*VIDEO, "2", "--gpu", "l40s"),
        ("train", "--gpu", "h100"),
        ("train", "--gpu", "h200", "--mode", "lora"),
    ],
    ids=" ".join,
)
def test_a_job_that_does_not_fit_shows_where_the_memory_ends(job, ask):
    """The mark stands under the bars at the capacity's share of the peak, to a cell."""
    job = (*job, "-m", "wan2.1-t2v-14b")
    memory = json.loads(ask(*job, "--json").out)["memory"]
    memory = memory.get("inference", memory)
    assert memory["verdict"] == "too_big"
    rows = ask(*job).out.splitlines()
    mark = next(place for place, row in enumerate(rows) if "▲" in row)
    bars = rows[mark - 3 : mark]
    start, end = bars[0].index("█"), max(row.rindex(letter) for row in bars for letter in "▒▓░" if letter in row) + 1
    place = (rows[mark].index("▲") - start) / (end - start)
    assert place == pytest.approx(memory["capacity"] / memory["peak"], abs=1.5 / (end - start))


@pytest.mark.parametrize("page", ["report by name", "explanation", "models", "help", "estimate help"])
def test_a_terminal_without_unicode_gets_plain_letters(page, spawn):
    code = "import sys; sys.path.insert(0, 'src'); from vidcalc.faces.cli import main; main()"
    done = spawn("-c", code, *PAGES[page], PYTHONIOENCODING="ascii", LANG="ko_KR.UTF-8", COLUMNS="80")
    assert done.code == 0, done.err
    assert done.out.isascii()
    assert "?" * 2 not in done.out


@pytest.mark.parametrize("columns", ["60", "100"])
def test_the_page_follows_the_width_of_the_terminal(columns, ask, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    lines = ask("estimate", "-m", "wan2.1-t2v-14b").out.splitlines()
    assert max(map(cells.width, (line for line in lines if "░" in line))) <= int(columns)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_flag_is_documented(name, ask):
    import importlib

    command = importlib.import_module(f"vidcalc.faces.commands.{name}").command
    assert command.help
    page = ask(name, "--help").out
    for param in command.params:
        if param.param_type_name == "option":
            assert param.help, param.opts
            assert all(opt in page for opt in param.opts)


def test_the_group_lists_every_command(ask):
    page = ask("--help").out
    assert all(re.search(rf"^  {name} ", page, re.M) for name in COMMANDS)
    assert set(vidcalc().list_commands(None)) == set(COMMANDS)


def test_flags_have_one_place_and_the_calculator_takes_its_own_from_it():
    names = {param.name for param in calculator().params}
    assert names - {"as_json", "lang", "currency", "help"} <= set(FLAGS)


def test_json_is_json_where_the_stream_has_ascii_only(spawn):
    code = "import sys; sys.path.insert(0, 'src'); from vidcalc.faces.cli import main; main()"
    done = spawn("-c", code, "estimate", "-m", "없음\U0001f600", "--json", PYTHONIOENCODING="ascii", LANG="C.UTF-8")
    assert done.code == 2
    assert done.out.isascii()
    assert json.loads(done.out)["error"]["value"] == "없음\U0001f600"


def test_without_arguments_the_help_is_shown(ask):
    done = ask()
    assert done.code == 2
    assert done.out.startswith("Usage: vidcalc")


def test_version(ask):
    from vidcalc import __version__

    assert ask("--version").out == f"vidcalc {__version__}\n"


def test_a_reader_that_leaves_early_is_no_error(monkeypatch):
    from vidcalc.faces.cli import run

    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    assert run(vidcalc, "vidcalc", ["models"]) == 0


def test_models_are_listed_in_order(ask):
    names = [line.split()[0] for line in ask("models").out.splitlines()[1:-2]]
    assert "wan2.1-t2v-14b" in names
    assert all(a < b for a, b in pairwise(names))
