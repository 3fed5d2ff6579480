"""A picture as PNG, drawn by Pillow (the extra `picture`) at twice the size, so that it is sharp on any screen."""

import os
from io import BytesIO
from typing import Any

from vidcalc.faces.picture.shapes import PAPER, Box, Line, Picture

SCALE = 2
# where systems keep a font with Hangul; Pillow's own has none
HANGUL = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansKR-Regular.ttf",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    "/usr/share/fonts/nanum/NanumGothic.ttf",
    "/usr/share/fonts/truetype/unfonts-core/UnDotum.ttf",
    "/usr/share/fonts/truetype/baekmuk/gulim.ttf",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "/System/Library/Fonts/Supplemental/AppleGothic.ttf",
    "C:/Windows/Fonts/malgun.ttf",
)
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
# signs that Pillow's own font lacks
PLAIN = str.maketrans({"×": "x", "→": ">"})


def hangul_font() -> str | None:
    """The path of a font with Hangul, or None: VIDCALC_FONT names one elsewhere."""
    named = os.environ.get("VIDCALC_FONT", "")
    return next((path for path in (named, *HANGUL) if path and os.path.exists(path)), None)


def png(picture: Picture, font: str | None) -> bytes:
    """The bytes of the file; `font` is the path of a font file, None takes Pillow's own. Raises ImportError."""
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("RGB", (round(picture.width * SCALE), round(picture.height * SCALE)), PAPER)
    draw = ImageDraw.Draw(sheet)
    fonts: dict[float, Any] = {}
    for shape in picture.shapes:
        if isinstance(shape, Box):
            left, top = shape.left * SCALE, shape.top * SCALE
            right, bottom = left + shape.width * SCALE, top + shape.height * SCALE
            if right - left >= 1:
                draw.rectangle((left, top, right - 1, bottom - 1), fill=shape.fill)
        elif isinstance(shape, Line):
            for ends in dashes(shape):
                draw.line(ends, fill=shape.stroke, width=round(shape.width * SCALE))
        else:
            if shape.size not in fonts:
                pixels = round(shape.size * SCALE)
                fonts[shape.size] = ImageFont.truetype(font, pixels) if font else ImageFont.load_default(pixels)
            draw.text(
                (shape.left * SCALE, shape.bottom * SCALE),
                shape.text if font else shape.text.translate(PLAIN),
                fill=shape.fill,
                font=fonts[shape.size],
                anchor=ANCHORS[shape.anchor],
                stroke_width=int(shape.bold),
            )
    file = BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def dashes(line: Line) -> list[tuple[float, float, float, float]]:
    """The pieces of a line in pixels of the sheet; dashed lines of a chart stand upright."""
    left, top, right, bottom = (value * SCALE for value in (line.left, line.top, line.right, line.bottom))
    if not line.dash:
        return [(left, top, right, bottom)]
    step = line.dash * SCALE
    starts = map(float, range(round(top), round(bottom), round(2 * step)))
    return [(left, start, right, min(start + step, bottom)) for start in starts]
