"""The wheel and the sdist as people get them: built without a warning, installed with each Python, answering alike."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from vidcalc.base.version import __version__

pytestmark = pytest.mark.release
ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
QUESTION = ("estimate", "-m", "wan2.1-t2v-14b", "--gpu", "4090", "--offload", "group", "--json")
DIGITS = 1e-9  # sums may be rounded otherwise by another numpy


def minor(executable: str) -> str | None:
    """The version of an interpreter as 3.N; None where it does not run."""
    asked = (executable, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])")
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def pythons() -> dict[str, str]:
    """One interpreter of each version from the oldest allowed on: this one, those on the path, and pyenv's."""
    oldest = int(PROJECT["requires-python"].rpartition(".")[2])
    kept = sorted((Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions").glob("3.*/bin/python3"))
    named = [shutil.which(f"python3.{each}") for each in range(oldest, oldest + 20)]
    found: dict[str, str] = {}
    for executable in [sys.executable, *map(str, kept), *filter(None, named)]:
        version = minor(executable)
        if version and int(version.partition(".")[2]) >= oldest:
            found.setdefault(version, executable)
    return found


PYTHONS = pythons()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist of this checkout and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout.lower()
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    assert sdist.name == f"vidcalc-{__version__}.tar.gz"
    return {"sdist": sdist, "wheel": wheel}


def test_the_wheel_holds_the_package_with_what_is_built_and_nothing_else(built: dict[str, Path]) -> None:
    held = set(zipfile.ZipFile(built["wheel"]).namelist())
    assert {name.partition("/")[0] for name in held} == {"vidcalc", f"vidcalc-{__version__}.dist-info"}
    package = ROOT / "src/vidcalc"
    wanted = [path for kind in ("*.py", "*.toml", "*.csv", "*.po") for path in package.rglob(kind)]
    built_only = {("data", "light"), ("data", "tables")}
    paths = [path.relative_to(package) for path in wanted]
    written = {f"vidcalc/{path}" for path in paths if path.parts[:2] not in built_only}
    assert written <= held
    derived = ("light/index.py", "tables/sources.py", "built/index/models.json")
    for name in ("vidcalc/py.typed", *(f"vidcalc/data/{each}" for each in derived)):
        assert name in held
    assert not any(name.endswith(".pyc") for name in held)


def test_the_sdist_holds_what_its_tests_and_its_readers_need(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    wanted = ("README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "scripts/build_hook.py", "tests/conftest.py")
    assert {*wanted, "docs/stability.md", "requirements-dev.txt", "findings/README.md"} <= held
    assert not any("/data/built/" in name or "/data/light/" in name or "/data/tables/" in name for name in held)


def test_every_python_of_the_machine_is_named_by_a_classifier() -> None:
    for version in PYTHONS:
        assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("version", PYTHONS)
def test_it_installs_and_answers_as_the_checkout_does(
    version: str, kind: str, built: dict[str, Path], tmp_path: Path
) -> None:
    subprocess.run([PYTHONS[version], "-m", "venv", str(tmp_path / "venv")], check=True)
    bin_ = tmp_path / "venv/bin"
    subprocess.run([bin_ / "python", "-m", "pip", "install", "--quiet", str(built[kind])], check=True)
    away = {"cwd": tmp_path, "capture_output": True, "text": True, "check": True}
    assert __version__ in subprocess.run([bin_ / "vidcalc", "--version"], **away).stdout
    answer = json.loads(subprocess.run([bin_ / "vidcalc", *QUESTION], **away).stdout)
    here = [sys.executable, "-c", "from vidcalc.faces.cli import main; main()", *QUESTION]
    assert flat(answer) == pytest.approx(flat(json.loads(subprocess.run(here, **away).stdout)), rel=DIGITS)
    assert "VRAM" in subprocess.run([bin_ / "python", "-m", "vidcalc", *QUESTION[:-1], "--lang", "ko"], **away).stdout


def flat(value: object, path: str = "") -> dict[str, object]:
    """The numbers of a document by their path."""
    if isinstance(value, dict):
        return {name: leaf for key, each in value.items() for name, leaf in flat(each, f"{path}.{key}").items()}
    if isinstance(value, list):
        return {name: leaf for key, each in enumerate(value) for name, leaf in flat(each, f"{path}.{key}").items()}
    return {path: value} if isinstance(value, int | float) else {}
