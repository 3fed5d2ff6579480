"""A picture as one standalone SVG file: no scripts, no fonts or other files to fetch."""

from xml.sax.saxutils import escape, quoteattr

from vidcalc.faces.picture.shapes import PAPER, Box, Line, Picture, Words

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans KR', 'Apple SD Gothic Neo', "
    "'Malgun Gothic', sans-serif"
)


def svg(picture: Picture, language: str) -> str:
    """The text of the file."""
    wide, high = plain(picture.width), plain(picture.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        f'role="img" aria-labelledby="title words" xml:lang="{language}" font-family={quoteattr(FONTS)}>'
    )
    lines = [
        head,
        f'<title id="title">{escape(picture.title)}</title>',
        f'<desc id="words">{escape(picture.words)}</desc>',
        f'<rect width="{wide}" height="{high}" fill="{PAPER}"/>',
        *(drawn(shape) for shape in picture.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def drawn(shape: Box | Line | Words) -> str:
    """One element."""
    if isinstance(shape, Box):
        place = f'x="{plain(shape.left)}" y="{plain(shape.top)}" width="{plain(shape.width)}"'
        tip = f"<title>{escape(shape.tip)}</title>" if shape.tip else ""
        return f'<rect {place} height="{plain(shape.height)}" fill="{shape.fill}">{tip}</rect>'
    if isinstance(shape, Line):
        dash = f' stroke-dasharray="{plain(shape.dash)}"' if shape.dash else ""
        ends = f'x1="{plain(shape.left)}" y1="{plain(shape.top)}" x2="{plain(shape.right)}" y2="{plain(shape.bottom)}"'
        return f'<line {ends} stroke="{shape.stroke}" stroke-width="{plain(shape.width)}"{dash}/>'
    bold = ' font-weight="600"' if shape.bold else ""
    place = f'x="{plain(shape.left)}" y="{plain(shape.bottom)}" font-size="{plain(shape.size)}"'
    return f'<text {place} fill="{shape.fill}" text-anchor="{shape.anchor}"{bold}>{escape(shape.text)}</text>'


def plain(number: float) -> str:
    """A coordinate with up to two places."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
