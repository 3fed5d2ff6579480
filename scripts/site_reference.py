"""Pages of the documentation site that are made from the program: its flags, its Python and its JSON."""

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

import vidcalc
from vidcalc.faces import words
from vidcalc.faces.cli import vidcalc as program
from vidcalc.faces.commands.schema import DOCUMENTS
from vidcalc.faces.flags.catalogue import said
from vidcalc.faces.flags.themes import themed
from vidcalc.faces.words.glossary import meaning
from vidcalc.report.units import units

WORDS = {
    "en": {
        "flags": "# The flags\n\nEvery command with its flags, made from the program.",
        "python": "# Python, call by call\n\nEvery command is a call; its keywords are the command's flags with "
        "underscores ([the flags](flags.md)), its answers have the keys of [the JSON](json.md) as fields.",
        "json": "# JSON\n\nThe numbers of every document by their place, with their units; `*` is any entry of a list. "
        "`vidcalc schema NAME` prints the whole JSON Schema.",
        "flag": "flag",
        "what": "meaning",
        "place": "place",
        "unit": "unit",
        "examples": "Examples",
    },
    "ko": {
        "flags": "# 플래그\n\n모든 명령과 플래그를 프로그램에서 그대로 옮겼습니다.",
        "python": "# Python 호출\n\n명령마다 호출이 하나씩 있습니다. 키워드는 명령의 플래그를 밑줄로 적은 것이고"
        "([플래그](flags.md)), 답의 필드는 [JSON](json.md)의 키와 같습니다. 설명은 소스에 적힌 영어 그대로입니다.",
        "json": "# JSON\n\n문서마다 들어 있는 수의 위치와 단위입니다. `*`는 목록의 아무 항목이나 뜻합니다. 전체 JSON "
        "스키마는 `vidcalc schema NAME`이 출력합니다.",
        "flag": "플래그",
        "what": "뜻",
        "place": "위치",
        "unit": "단위",
        "examples": "예",
    },
}


def reference(lang: str) -> dict[str, str]:
    """The pages by their name below `reference/`, in a language."""
    before = words.spoken()
    words.use(lang)
    try:
        told = WORDS[lang]
        return {"flags.md": flags(told), "python.md": python(told), "json.md": json(told)}
    finally:
        words.use(before)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def flags(told: dict[str, str]) -> str:
    """Every command: what it answers, examples, flags by theme."""
    group: Any = program()
    context = click.Context(group, info_name="vidcalc")
    pages = [told["flags"]]
    for name in group.list_commands(context):
        command: Any = group.get_command(context, name)
        pages += [f"## vidcalc {name}", words._(str(command.help))]
        pages += [f"{told['examples']}:\n\n```sh\n" + "\n".join(command.examples) + "\n```"]
        options = [each for each in command.params if isinstance(each, click.Option)]
        for theme, own in themed(options):
            rows = [(f"`{names}`", sentence) for names, sentence in map(said, own)]
            pages += [
                f"### {words._(theme)} {{ #{name}-{theme.split()[0].lower()} }}",
                table((told["flag"], told["what"]), rows),
            ]
    return "\n\n".join(pages) + "\n"


def python(told: dict[str, str]) -> str:
    """Every public name with its docstring."""
    pages = [told["python"]]
    for name in vidcalc.__all__:
        found = getattr(vidcalc, name)
        if not callable(found):
            continue
        about = inspect.getdoc(found) or ""
        pages += [f"## {name}", f"```text\n{about}\n```"]
    return "\n\n".join(pages) + "\n"


def json(told: dict[str, str]) -> str:
    """The numbers of every document."""
    pages = [told["json"]]
    for document, (place, name) in DOCUMENTS.items():
        module = import_module(place)
        rows = [(f"`{path}`", unit, meaning(path)) for path, unit in units(getattr(module, name)).items()]
        pages += [f"## {document}: `{module.SCHEMA}`"]
        pages += [table((told["place"], told["unit"], told["what"]), rows)] if rows else []
    return "\n\n".join(pages) + "\n"
