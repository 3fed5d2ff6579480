"""A command that trains or generates, or a script that holds one, as keys and values: `--lora_rank 32` is
{"lora_rank": "32"}.

Comments and line ends go; what a script sets as NAME=… or NAME=(…) stands where `$NAME` does. Of several commands the
first that is known counts; how many there are is given with it.
"""

import re
import shlex

from vidcalc.base.facts import Facts

STARTS = ("accelerate", "torchrun", "deepspeed", "python", "python3", "uv", "fastvideo", "sglang")
ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s()]*)\s*$", re.MULTILINE)
VARIABLE = re.compile(r"\$\{?(\w+)(?:\[@\])?\}?")
CACHING = ("data_process", "cache_latents", "cache_text_encoder")  # a command that only prepares data
MOST = 10_000  # words


def commands(text: str) -> list[tuple[list[str], Facts]]:
    """(words, flags) of every command that has flags. Flags that stand in lists of a script belong to its command."""
    plain = re.sub(r"\\\s*\n", " ", re.sub(r"(?m)(^|\s)#.*$", r"\1", text))
    known = {name: value.strip("\"'") for name, value in ASSIGNED.findall(plain)}
    lists = dict(re.findall(r"(?ms)^\s*(\w+)=\(\s*(.*?)^\s*\)", plain))
    body = re.sub(r"(?ms)^\s*\w+=\(\s*.*?^\s*\)", "", plain)
    found: list[tuple[list[str], Facts]] = []
    for line in body.splitlines():
        words = _words(_filled(_filled(line, lists), known))
        start = next((place for place, word in enumerate(words) if word.rpartition("/")[2] in STARTS), None)
        if start is None or not any(word.startswith("--") for word in words):
            continue
        flags = _flags(words[start:])
        if not any(word in str(flags.get("task", "")) + " ".join(words) for word in CACHING):
            found.append((words[start:], flags))
    return found


def _filled(line: str, known: dict[str, str]) -> str:
    """A line with variables in their place; unknown ones as they are."""
    return VARIABLE.sub(lambda match: known.get(match[1], match[0]), line.replace('"${', "${").replace('[@]}"', "[@]}"))


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)[:MOST]
    except ValueError:  # a quote that nothing closes
        return line.split()[:MOST]


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
