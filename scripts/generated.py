"""A data file that is made from an installed library: written, or compared with what is there (--check)."""

import argparse
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "src" / "vidcalc" / "data"


def settle(file: Path, content: Callable[[], str], description: str | None) -> int:
    """The exit code of a script that makes `file`: with --check 1 where it is not what `content` says now."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with 1 if the file is not current")
    compared = parser.parse_args().check
    made = content()
    if compared:
        return int(file.read_text(encoding="utf-8") != made)
    file.write_text(made, encoding="utf-8")
    return 0
