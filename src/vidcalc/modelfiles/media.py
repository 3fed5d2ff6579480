"""The clips of a folder, by the headers of its files: MediaInfo reads them (extra `media`)."""

import os
from collections.abc import Iterator

from vidcalc.base.errors import Unreadable
from vidcalc.describe.data import Clip

VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".gif")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic")


def measured(folder: str) -> Iterator[Clip | str]:
    """The clip of each video and picture below a folder, or "unreadable". Raises Unreadable for a folder of none."""
    paths = sorted(
        os.path.join(place, name)
        for place, _folders, names in os.walk(folder)
        for name in names
        if os.path.splitext(name)[1].casefold() in (*VIDEOS, *PICTURES)
    )
    if not paths:
        raise Unreadable(folder, "no_clips", "dataset")
    try:
        from pymediainfo import MediaInfo
    except ImportError:
        raise Unreadable(folder, "no_media", "dataset") from None
    if not MediaInfo.can_parse():
        raise Unreadable(folder, "no_media", "dataset")
    return (_of(MediaInfo, path) for path in paths)


def _of(reader: type, path: str) -> Clip | str:
    """The first stream of pictures of a file."""
    try:
        tracks = reader.parse(path).tracks  # type: ignore[attr-defined]
    except (OSError, RuntimeError, ValueError):
        return "unreadable"
    stream = next((track for track in tracks if track.track_type in ("Video", "Image")), None)
    if stream is None or not stream.width or not stream.height:
        return "unreadable"
    width, height = int(stream.width), int(stream.height)
    if round(float(stream.rotation or 0)) % 180 == 90:  # a phone's portrait is stored lying
        width, height = height, width
    if stream.track_type == "Image":
        return Clip(width, height, 1, None)
    fps = float(stream.frame_rate) if stream.frame_rate else None
    frames = int(stream.frame_count) if stream.frame_count else int(float(stream.duration or 0) / 1000 * (fps or 0))
    return Clip(width, height, frames, fps) if frames >= 1 else "no_length"
