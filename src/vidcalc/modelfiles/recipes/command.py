"""A command that trains or generates, or a script that holds one, as keys and values: `--lora_rank 32` is
{"lora_rank": "32"}.

Comments and line ends go; what a script sets as NAME=… or NAME=(…) stands where `$NAME` does. Of several commands the
first that is known counts; how many there are is given with it. A command ends where its shell ends it; those of
Windows' shells are read alike.
"""

import re
import shlex

from vidcalc.base.facts import Facts

STARTS = re.compile(
    r"(?:accelerate|torchrun|deepspeed|python[\d.]*|py|uv|fastvideo|sglang|xdit)(?:\.exe)?", re.IGNORECASE
)
ASSIGNED = re.compile(
    r"^[ \t]*(?:export\s+|set\s+|\$)?([A-Za-z_]\w*) ?= ?(\"[^\"]*\"|'[^']*'|[^\s()]*)\s*$", re.MULTILINE | re.IGNORECASE
)
VARIABLE = re.compile(r"%(\w+)%|\$\{?(\w+)(?:\[@\])?(?::-([^}]*))?\}?")  # with what stands for it where it is not set
ALL_OF = re.compile(r"\"(\$\{\w+\[@\]\})\"")
ROW = re.compile(r"(?m)^[ \t]*(\w+)=\(([^\n]*)\)[ \t]*$")  # several values on one line: the first stands for them
LOOP = re.compile(r"(?m)^[ \t]*for\s+(\w+)\s+in\s+\"?(?:\$\{)?(\w+)")
# line ends of cmd and of PowerShell; behind a word a ` ends a command in sh
CONTINUED = re.compile(r"(?:\^|(?<=\s)`)[ \t\r]*\n")
REMARK = re.compile(r"(?im)^[ \t]*(?:@?rem\b|::).*$")  # of cmd
WINDOWS = (".bat", ".cmd", ".ps1")
ENDS = re.compile(r"[;&|]+")  # words of a shell behind which another command stands
REDIRECTS = re.compile(r"\d*>.*|<|<<.*")  # words of a shell behind which no flags stand
CACHING = ("data_process", "cache_latents", "cache_text_encoder")  # a command that only prepares data
MOST = 10_000  # words


def commands(text: str, ending: str = "") -> list[tuple[list[str], Facts]]:
    """(words, flags) of every command that has flags. Flags that stand in lists of a script belong to its command.

    ending  of the script's name: in those of Windows' shells a backslash is part of a path
    """
    if ending in WINDOWS or (ending == ".txt" and CONTINUED.search(text)):
        text = CONTINUED.sub(" ", REMARK.sub("", text)).replace("\\", "/")
    plain = re.sub(r"\\\s*\n", " ", re.sub(r"(?m)(^|\s)#.*$", r"\1", text))
    known = {name: value.strip("\"'") for name, value in ASSIGNED.findall(plain)}
    known |= {name: _first(value) for name, value in ROW.findall(plain)}
    known |= {name: known.get(row, row) for name, row in LOOP.findall(plain)}
    known = {name: _filled(value, {}) for name, value in known.items()}
    plain = ROW.sub("", plain)
    lists = dict(re.findall(r"(?ms)^[ \t]*(\w+)=\(\s*(.*?)^\s*\)", plain))
    body = re.sub(r"(?ms)^[ \t]*\w+=\(\s*.*?^\s*\)", "", plain)
    found: list[tuple[list[str], Facts]] = []
    for line in filter(str.strip, body.splitlines()):
        for words in _alone(_words(_filled(_filled(_kept(line), lists), known))):
            start = next((place for place, word in enumerate(words) if STARTS.fullmatch(word.rpartition("/")[2])), None)
            if start is None or not any(word.startswith("--") for word in words):
                continue
            flags = _flags(words[start:])
            if not any(word in str(flags.get("task", "")) + " ".join(words) for word in CACHING):
                found.append((words[start:], flags))
    return found


def _kept(line: str) -> str:
    """The command that a line keeps in a variable to be run later; any other line as it is."""
    name, _equals, value = line.strip().partition("=")
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].replace('\\"', '"') if quoted and name.isidentifier() and " --" in value else line


def _first(row: str) -> str:
    """The first word of a row of them."""
    found = _words(row)
    return found[0] if found else ""


def _filled(line: str, known: dict[str, str]) -> str:
    """A line with variables in their place; unknown ones as they are."""
    return VARIABLE.sub(
        lambda match: known.get(match[1] or match[2], match[0] if match[3] is None else match[3]),
        ALL_OF.sub(r"\1", line),
    )


def _words(line: str) -> list[str]:
    """Its words; what ends a command is a word of its own, wherever it stands unquoted."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)[:MOST]
    except ValueError:  # a quote that nothing closes
        return line.split()[:MOST]


def _alone(words: list[str]) -> list[list[str]]:
    """The commands of a line, each without where its output goes."""
    found: list[list[str]] = [[]]
    redirected = False
    for word in words:
        if ENDS.fullmatch(word):
            found.append([])
            redirected = False
            continue
        redirected = redirected or REDIRECTS.fullmatch(word) is not None
        if not redirected:
            found[-1].append(word)
    return found


def _flags(words: list[str]) -> Facts:
    flags: Facts = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            name = name.replace("-", "_")
            flags[name] = value if equals else True
        elif name:
            held = flags[name]
            flags[name] = word if held is True else f"{held} {word}"
    return flags
