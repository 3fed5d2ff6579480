"""Python calls as text, broken where a line would be too long."""

from vidcalc.base.number import Number

WIDTH = 100


def call(head: str, *arguments: str) -> list[str]:
    """`head(arguments)`, on one line where it fits, else one argument a line."""
    line = f"{head}({', '.join(arguments)})"
    if len(line) <= WIDTH and not any("\n" in each for each in arguments):
        return [line]
    inner = [f"    {line}" for each in arguments for line in f"{each},".split("\n")]
    return [f"{head}(", *inner, ")"]


def mapping(entries: dict[str, str]) -> str:
    """A dictionary of text to code."""
    return "{" + ", ".join(f'"{key}": {value}' for key, value in entries.items()) + "}"


def number(value: Number) -> str:
    """A number as Python has it, whole ones without a point."""
    single = float(value)
    return f"{single:g}" if single != int(single) else str(int(single))
