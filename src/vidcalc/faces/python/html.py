"""A page of the terminal as HTML for notebooks: the same lines, bars and colours, aligned in any font.

Blocks of a bar become boxes as many letters long, cells with wide letters boxes of their width. Styles are written
beside what they style, because notebooks shown elsewhere lose style sheets; colours are read on light and dark paper.
"""

import re
from html import escape
from itertools import groupby

from vidcalc.faces import words
from vidcalc.faces.terminal.cells import STYLES, Paint, width
from vidcalc.faces.terminal.page import Look
from vidcalc.faces.words import _

LOOK = Look(Paint(True), 100)
PAINTED = re.compile(r"\x1b\[([\d;]+)m(.*?)\x1b\[0m", re.DOTALL)
APART = re.compile("( {2,}|\n)")
BLOCKS = ("█", "▓", "▒", "░")
LIGHT = "rgba(128,128,128,.22)"  # what a bar does not fill
CSS = {
    "title": "font-weight:600",
    "dim": "opacity:.65",
    "good": "color:#2e9e5b;font-weight:600",
    "tight": "color:#c98a1b;font-weight:600",
    "bad": "color:#d64545;font-weight:600",
    "weights": "color:#3f83c4",
    "activations": "color:#2aa198",
    "bar": "color:#2aa198",
    "other": "color:#b06fc4",
}
OF_CODE = {STYLES[name]: css for name, css in CSS.items()}
BOX = "display:inline-block;width:{cells}ch"
BAR = BOX + ";height:1.05em;vertical-align:text-bottom;overflow:hidden;color:transparent;background:{colour}"
FONT = "font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
PRE = f"margin:0 0 .9em;padding:0;background:transparent;color:inherit;border:0;white-space:pre;{FONT}"


def html(page: str) -> str:
    """The page, painted for `LOOK`, as one element; what it assumes is folded away."""
    shown, mark, assumed = page.partition(LOOK.paint(_("Assumptions"), "title") + "\n")
    blocks = [f'<pre style="{PRE}">{line(block)}</pre>' for block in shown.rstrip("\n").split("\n\n") if block]
    if mark:
        summary = f'<summary style="cursor:pointer;{CSS["title"]};{FONT}">{escape(_("Assumptions"))}</summary>'
        blocks.append(f'<details>{summary}<pre style="{PRE}">{line(assumed)}</pre></details>')
    return f'<div class="vidcalc" lang="{words.spoken()}" style="overflow-x:auto">{"".join(blocks)}</div>'


def line(text: str) -> str:
    """A text with its colours."""
    out, done = "", 0
    for match in PAINTED.finditer(text):
        out += plain(text[done : match.start()]) + styled(match[2], OF_CODE.get(match[1], ""))
        done = match.end()
    return out + plain(text[done:])


def styled(text: str, css: str) -> str:
    """A text in one style; its bars in that style's colour."""
    colour = next((each[6:] for each in css.split(";") if each.startswith("color:")), "")
    if set(text) <= set(BLOCKS):
        return plain(text, colour)
    return f'<span style="{css}">{plain(text, colour)}</span>'


def plain(text: str, colour: str = "") -> str:
    """A text as boxes for bars, and letters for the rest."""
    out = ""
    for block, letters in groupby(text, key=lambda letter: letter if letter in BLOCKS else ""):
        run = "".join(letters)
        if block:
            fill = LIGHT if block == "░" else colour or "currentColor"
            out += f'<span style="{BAR.format(cells=len(run), colour=fill)}">{run}</span>'
        else:
            out += "".join(map(piece, APART.split(run)))
    return out


def piece(text: str) -> str:
    """A cell of a table: where it has letters of two cells, which few fonts make so, in a box as long as it is."""
    cells = width(text)
    return escape(text) if cells == len(text) else f'<span style="{BOX.format(cells=cells)}">{escape(text)}</span>'
