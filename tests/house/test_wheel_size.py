"""What is installed stays small: everything that a wheel holds, packed as a wheel packs it."""

import io
import zipfile
from pathlib import Path

import pytest

import vidcalc
from vidcalc.faces.light import bundle
from vidcalc.rates.build import build

PACKAGE = Path(vidcalc.__file__).parent
LARGEST = 8 * 2**20  # bytes


@pytest.mark.long
def test_a_wheel_stays_below_eight_mebibytes(tmp_path):
    bundle.write(tmp_path / "light", checked=False)
    if not (PACKAGE / "data" / "built").is_dir():
        build()
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = [path for path in files if path.relative_to(PACKAGE).parts[:2] != ("data", "light")]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in (*files, *(tmp_path / "light").iterdir()):
            wheel.write(path, str(path)[1:])
    assert 10**6 < len(packed.getvalue()) < LARGEST
    assert len(files) > 1000
