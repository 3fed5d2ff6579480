"""The words of the faces in the user's language: gettext catalogues, one `LANGUAGE.po` file each.

English is the language of the source. `_("...")` gives a message in the language in use; `N_("...")` only marks
a message that is looked up later. A catalogue is read from its `.po` file directly (well under a millisecond), so
a checkout needs no build step and there is no compiled file to go stale. To add a language, add a catalogue.
"""

import os

TYPE_CHECKING = False  # as in `typing`, which takes long to load
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = os.path.dirname(os.path.abspath(__file__))
SOURCE = "en"

_messages: dict[str, str] = {}
_language = SOURCE
_known: dict[str, dict[str, str]] = {}  # catalogues that were read, of who speaks several languages


def languages() -> list[str]:
    """The languages there are words for: "en" and one per catalogue."""
    return sorted({SOURCE, *(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".po"))})


def use(language: str) -> None:
    """Speak `language` from now on; one of `languages()`."""
    global _messages, _language
    _language = language
    if language != SOURCE and language not in _known:
        _known[language] = catalogue(language)
    _messages = _known.get(language, {})


def spoken() -> str:
    """The language in use."""
    return _language


def catalogue(language: str) -> dict[str, str]:
    """The messages of a language by their English source."""
    with open(os.path.join(FOLDER, f"{language}.po"), encoding="utf-8") as file:
        return read(file.read())


def _(message: str, **values: object) -> str:
    """The message in the language in use, with its {placeholders} filled."""
    text = _messages.get(message, message)
    if not values:
        return text
    text = text.format(**values)
    if _language != "ko":
        return text
    from vidcalc.faces.words.particles import particles

    return particles(text)


def N_(message: str) -> str:  # noqa: N802
    """Marks a message for the catalogues without looking it up yet."""
    return message


def preferred(lang_flag: str | None, environment: "Mapping[str, str]") -> str:
    """The language to speak: the one asked for, else the first of VIDCALC_LANG, LC_ALL, LC_MESSAGES, LANG that is set.

    A setting of the environment that there are no words for means English.
    """
    if lang_flag in languages():
        return str(lang_flag)
    for name in ("VIDCALC_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            spoken = environment[name].casefold().replace("-", "_").split("_")[0].split(".")[0]
            return spoken if spoken in languages() else SOURCE
    return SOURCE


def lang_flag(arguments: "Sequence[str]") -> str | None:
    """What `--lang` says in a list of arguments, wherever it stands: needed before anything can be said."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument[7:]
        if argument == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1]
    return None


def read(text: str) -> dict[str, str]:
    """The messages of a `.po` file: msgid -> msgstr, without the header and without empty translations."""
    messages: dict[str, str] = {}
    source, target, current = "", "", ""
    for line in (*text.splitlines(), 'msgid ""'):
        if line.startswith("msgid "):
            if source and target:
                messages[source] = target
            source, target, current = _unquoted(line[6:]), "", "source"
        elif line.startswith("msgstr "):
            target, current = _unquoted(line[7:]), "target"
        elif line.startswith('"'):
            if current == "source":
                source += _unquoted(line)
            else:
                target += _unquoted(line)
    return messages


def _unquoted(text: str) -> str:
    inner = text.strip()[1:-1]
    if "\\" not in inner:
        return inner
    return inner.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
