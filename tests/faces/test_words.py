"""Both languages say everything: each message has a Korean entry with the same placeholders, each id has words."""

import ast
import string
from pathlib import Path

import pytest

from vidcalc.faces import words
from vidcalc.faces.words import notes

SOURCE = Path(words.__file__).parents[2]
KOREAN = words.read((Path(words.__file__).parent / "ko.po").read_text("utf-8"))


def messages():
    """Every message that the source asks for with _() or marks with N_()."""
    found = set()
    for path in (SOURCE / "faces").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_"):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def placeholders(message):
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def test_every_message_has_a_korean_entry():
    assert messages() - set(KOREAN) == set()


def test_no_korean_entry_is_stale():
    assert set(KOREAN) - messages() == set()


def kept(text):
    """What a translation must keep: placeholders, the number of lines, and commands between backquotes."""
    return placeholders(text), text.count("\n"), text.count("`")


def test_translations_keep_placeholders_commands_and_lines():
    assert {message: text for message, text in KOREAN.items() if kept(text) != kept(message)} == {}


def raised(*kinds):
    """The ids that the core hands out as these kinds (Assumption, Warning_ ...), read from its source."""
    found = set()
    for path in (path for path in SOURCE.rglob("*.py") if path.relative_to(SOURCE).parts[0] != "data"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                for name in (keyword.value for keyword in node.keywords if keyword.arg == "id"):
                    if isinstance(name, ast.Constant):
                        found.add(name.value)
                    if isinstance(name, ast.BinOp):  # "illegal_" + the field
                        found |= {name.left.value + field for field in ("width", "height", "frames")}
    return found


def test_every_assumption_of_the_core_has_words():
    found = raised("Assumption", "Basis")
    assert {"flops_convention", "train_steps"} <= found <= set(notes.ASSUMPTIONS)


def test_every_warning_of_the_core_has_words():
    found = raised("Warning_", "Caution")
    assert {"illegal_height", "estimate_only"} <= found <= set(notes.WARNINGS)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "VIDCALC_LANG": "ko"}, "ko"),
        ({"VIDCALC_LANG": "KO-kr"}, "ko"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment, language):
    assert words.preferred(None, environment) == language


def test_the_flag_wins_over_the_environment_wherever_it_stands(ask, monkeypatch):
    monkeypatch.setenv("VIDCALC_LANG", "ko")
    assert "추론 VRAM" in ask("estimate", "-m", "wan2.1-t2v-1.3b").out
    for line in (("--lang", "en", "estimate", "-m", "sora"), ("estimate", "-m", "sora", "--lang=en")):
        assert "GPU memory to generate" in ask(*line).out


def test_json_is_the_same_in_every_language(ask):
    base = ("estimate", "-m", "wan2.1-t2v-1.3b", "--json")
    assert ask(*base).out == ask(*base, "--lang", "ko").out


def test_a_po_file_is_read_with_its_escapes_and_long_lines():
    header, empty = 'msgid ""\nmsgstr "header"\n\n', '\n\nmsgid "empty"\nmsgstr ""\n'
    text = header + '#: here\nmsgid "say \\"a\\""\nmsgstr ""\n"첫 줄\\n"\n"둘"' + empty
    assert words.read(text) == {'say "a"': "첫 줄\n둘"}
