"""Compiles the catalogue: every TOML file under data/ to a JSON file under data/built/, with alias indexes and curves.

Run by the packaging hook, and by hand as `python -m vidcalc.rates.build`. Needs msgspec and the standard library
only. What is built can always be derived again: a missing or stale file costs time, not truth (see `load`).
"""

import json
import shutil
import tomllib
from pathlib import Path
from zlib import crc32

from vidcalc.base.facts import Facts
from vidcalc.catalog import families, load, models
from vidcalc.rates import curves, kernels


def build(data_dir: str | Path = load.DATA) -> list[Path]:
    """Write `data_dir`/built/**.json and return the files written. Raises tomllib.TOMLDecodeError for a bad file."""
    data = Path(data_dir).resolve()
    built = data / "built"
    shutil.rmtree(built, ignore_errors=True)
    written = []
    for path in sorted(data.rglob("*.toml")):
        source = path.read_bytes()
        target = built / path.relative_to(data).with_suffix(".json")
        written.append(_write(target, crc32(source), tomllib.loads(source.decode())))
    if str(data) == load.DATA:
        for kind in sorted({path.parent.name for path in data.glob("*/*.toml")}):
            index = built / "index" / f"{kind}.json"
            written.append(_write(index, load.signature(kind), load.make_index(kind)))
        summaries = built / f"{models.SUMMARIES}.json"
        written.append(_write(summaries, load.signature(models.KIND), models.make_summaries()))
        index = built / f"{families.INDEX}.json"
        written.append(_write(index, families.signature(), families.make_index()))
        for name, tables in kernels.derive().items():
            written.append(_write(built / "curves" / f"{name}.json", curves.checksum(name), tables))
    return written


def _write(target: Path, checksum: int, facts: Facts) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"checksum": checksum, "facts": facts}, ensure_ascii=False, default=str))
    return target


if __name__ == "__main__":
    build()
