"""Text measured in terminal cells, where a Hangul syllable takes two: padding, wrapping, tables, bars and colour.

Text is padded before it is coloured, so that colour never counts as width.
"""

from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

STYLES = {
    "": "",
    "title": "1",
    "dim": "2",
    "good": "1;32",
    "tight": "1;33",
    "bad": "1;31",
    "weights": "34",
    "activations": "36",
    "other": "35",
    "bar": "36",
}
# what a terminal without Unicode shows instead
ASCII = str.maketrans(
    {
        "█": "#",
        "▓": "=",
        "▒": "+",
        "░": ".",
        "─": "-",
        "·": "*",  # between factors; between words: SEPARATOR
        "×": "x",
        "→": "->",
        "≤": "<=",
        "≥": ">=",
        "…": "...",
        "²": "^2",
        "≈": "~",
        "–": "-",
        "−": "-",
        "’": "'",
        "▲": "^",
        "⌈": "ceil(",
        "⌉": ")",
        "⌊": "floor(",
        "⌋": ")",
        "∞": "inf",
    }
)
# what stands behind a number and belongs to it
UNITS = frozenset(
    ["%", "s", "ms", "µs", "min", "h", "d", "fps", "W", "B", "KiB", "MiB", "GiB", "TiB", "PiB", "g", "kg", "t"]
    + [prefix + unit for prefix in ("", "k", "M", "G", "T", "P", "E", "Z") for unit in ("FLOP", "FLOPs", "Wh", "B/s")]
)
SEPARATOR, PLAIN_SEPARATOR = " · ", " - "

Cell = str | tuple[str, str]  # text, or text and the name of its style


def width(text: str) -> int:
    """Cells that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else 0 if combining(letter) else 1 for letter in text)


def pad(text: str, cells: int, align: str = "<") -> str:
    """The text filled with spaces to at least that many cells, at its right ("<") or left (">")."""
    space = " " * (cells - width(text))
    return text + space if align == "<" else space + text


def wrap(text: str, cells: int) -> list[str]:
    """The text in lines of at most that many cells, broken at spaces, inside a word only where a word is too long.

    A number stays with its unit.
    """
    lines, line = [], ""
    for word in bound(text.split()):
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        while width(word) > cells:
            head = fitting(word, cells)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line] if line or not lines else lines


def bound(words: list[str]) -> list[str]:
    """Words, a number and its unit as one."""
    found: list[str] = []
    for word in words:
        if found and found[-1][-1].isdigit() and _unit(word) in UNITS:
            found[-1] += " " + word
        else:
            found.append(word)
    return found


def _unit(word: str) -> str:
    """What a word begins with that may be a unit: "GiB" of "GiB–56.1", "%" of "%입니다."."""
    end = 0
    while end < len(word) and (word[end] in "%/µ" or (word[end].isascii() and word[end].isalpha())):
        end += 1
    return word[:end]


def fitting(text: str, cells: int) -> str:
    """The longest beginning of a text that fits, at least one letter."""
    end = 1
    while end < len(text) and width(text[: end + 1]) <= cells:
        end += 1
    return text[:end]


def clip(text: str, cells: int) -> str:
    """The text, cut with an ellipsis where it does not fit."""
    return text if width(text) <= cells else fitting(text, max(cells - 1, 1)) + "…"


def hanging(text: str, cells: int, first: str = "", rest: str | None = None) -> list[str]:
    """Wrapped lines behind a lead (`first`), the following ones indented by `rest` or as deep as the lead."""
    indent = " " * width(first) if rest is None else rest
    lines = wrap(text, cells - max(width(first), width(indent)))
    return [(first if place == 0 else indent) + line for place, line in enumerate(lines)]


def typed(command: str, cells: int) -> list[str]:
    """A command that can be pasted, over several lines where one is too short."""
    *lines, last = hanging(command, cells - 2, "  ", "    ")
    return [*(f"{line} \\" for line in lines), last]


class Paint:
    """Colours text where the terminal wants it."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, text: str, style: str = "") -> str:
        """The text in a style of `STYLES`."""
        code = STYLES[style]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text


def table(rows: Iterable[Sequence[Cell]], aligns: str, paint: Paint, indent: int = 2, gap: int = 2) -> list[str]:
    """Rows as aligned lines: `aligns` has "<" or ">" per column."""
    texts = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in rows]
    styles = [["" if isinstance(cell, str) else cell[1] for cell in row] for row in rows]
    columns = range(len(aligns))
    widths = [max((width(row[column]) for row in texts if column < len(row)), default=0) for column in columns]
    if aligns.endswith("<"):
        widths[-1] = 0  # nothing stands behind it
    lines = []
    for row, style in zip(texts, styles, strict=True):
        filled = [paint(pad(text, widths[column], aligns[column]), style[column]) for column, text in enumerate(row)]
        lines.append((" " * indent + (" " * gap).join(filled)).rstrip())
    return lines


def halved(rows: Sequence[Sequence[Cell]], aligns: str, first: int, paint: Paint, cells: int) -> list[str]:
    """The table; where it is wider than the page two of them, each behind the first column: the one with the next
    `first` columns, the other with the rest."""
    if max(map(width, table(rows, aligns, Paint(False)))) <= cells:
        return table(rows, aligns, paint)
    upper, lower = range(first + 1), (0, *range(first + 1, len(aligns)))
    parts = [
        ([[row[at] for at in part] for row in rows], "".join(aligns[at] for at in part)) for part in (upper, lower)
    ]
    return [line for part, turned in parts for line in table(part, turned, paint)]


def legend(entries: Sequence[tuple[str, str, str]], left: int, cells: int, paint: Paint) -> str:
    """What the letters of bars stand for, (letter, words, style) each; `left` cells from the edge, less where that is
    too wide."""
    plain = "  ".join(f"{letter} {words}" for letter, words, _style in entries)
    indent = " " * max(min(left, cells - width(plain)), 0)
    return indent + "  ".join(f"{paint(letter, style)} {words}" for letter, words, style in entries)


def bar(parts: Sequence[tuple[float, str, str]], whole: float, cells: int, paint: Paint) -> str:
    """A bar of that many cells: each part (value, letter, style) as long as its share of `whole`, the rest light.

    A part that is not nothing shows at least where rounding leaves it a cell; parts beyond the whole are cut off.
    """
    out, done, reached = "", 0, 0.0
    for value, letter, style in parts:
        reached += value
        end = min(cells, round(cells * reached / whole)) if whole > 0 else 0
        out += paint(letter * (end - done), style)
        done = max(done, end)
    return out + paint("░" * (cells - done), "dim")
