"""The sides of a picture that a program takes for an area and a ratio: whole strides, of about that many pixels."""

from collections.abc import Iterator

MOST = 4.0  # of the longer side to the shorter
PLACES = 5  # to which the program that compares ratios rounds them


def sides(side: int, stride: int, ratio: tuple[int, int], squarer: bool) -> tuple[int, int]:
    """(width, height) in pixels.

    side     of the square that has the area [pixels];  stride: what both sides are multiples of [pixels]
    ratio    width to height;  squarer: whether only shapes count that are no longer than it
    """
    wanted = ratio[1] / ratio[0]
    found = [(round(rows / columns, PLACES), columns, rows) for rows, columns in _shapes(round((side / stride) ** 2))]
    if squarer:
        found = [each for each in found if (each[0] <= wanted if wanted >= 1 else each[0] > wanted)] or found
    _, columns, rows = min(found, key=lambda each: abs(each[0] - wanted))
    return columns * stride, rows * stride


def _shapes(most: int) -> Iterator[tuple[int, int]]:
    """(rows, columns) of at most so many patches, such that one more row and column would be too many."""
    for rows in range(most, 0, -1):
        for columns in range(max(1, most // (rows + 1)), most // rows + 1):
            if max(rows, columns) <= MOST * min(rows, columns):
                yield rows, columns
