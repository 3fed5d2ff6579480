"""CPU seconds of the searches over jobs and machines, each in a process that has already answered another question.

python scripts/speed_searches.py
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import vidcalc

FITS = (
    {"model": "wan2.1-i2v-14b-480p", "gpu": "4070ti-super"},
    {"model": "hunyuanvideo", "gpu": "4090"},
    {"model": "ltx-video-13b", "gpu": "4090"},
    {"model": "cogvideox-5b", "gpu": "4090", "largest": "size", "frames": 49},
)
CHOICES = (
    {"model": "hunyuanvideo", "frames": 129, "gpu": ["h100"], "gpus": 1},
    {"model": "hunyuanvideo", "frames": 129},
    {"model": "wan2.1-t2v-1.3b"},
    {"model": "hunyuanvideo", "frames": 129, "deadline": "1s"},  # which nothing keeps
)


def spent(ask: Callable[..., Any], **given: Any) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    with suppress(vidcalc.InputError):
        ask(**given)
    return time.process_time() - start


def main() -> None:
    """Print a line for each question."""
    vidcalc.fit("ltx-video-2b", gpu="4060", max_time="1min")
    for ask, questions in ((vidcalc.fit, FITS), (vidcalc.choose, CHOICES)):
        for given in questions:
            words = " ".join(f"{name}={value}" for name, value in given.items())
            print(f"{spent(ask, **given):6.2f} s  {ask.__name__} {words}")


if __name__ == "__main__":
    main()
