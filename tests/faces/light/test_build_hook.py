"""What a build derives for a wheel, which is never looked at again, stays out of the checkout that it is built in."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from vidcalc.faces.light import BUILT, bundle, record
from vidcalc.rates import build
from vidcalc.tape.tables import built

ROOT = Path(__file__).resolve().parents[3]
INTERFACE = "hatchling.builders.hooks.plugin.interface"


@pytest.fixture
def written(monkeypatch):
    """(what was written, its folder, whether it is checked): each writer leaves one file there."""
    found = []

    def writer(name, home):
        def write(folder=home, checked=True, tables=None):
            assert tables is None or (Path(tables) / "index.py").exists()
            found.append((name, str(folder), checked))
            if str(folder) != home:
                Path(folder).mkdir(parents=True)
                (Path(folder) / "index.py").touch()

        return write

    monkeypatch.setattr(bundle, "write", writer("light", BUILT))
    monkeypatch.setattr(record, "write", writer("tables", built.FOLDER))
    monkeypatch.setattr(build, "build", lambda: None)
    return found


@pytest.fixture
def hook(monkeypatch, tmp_path, written):
    """The hook for a kind of build, in a folder without sources to be compiled."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    stand_in = ModuleType(INTERFACE)
    stand_in.BuildHookInterface = SimpleNamespace  # hatchling is there while something is built, and no other time
    monkeypatch.setitem(sys.modules, INTERFACE, stand_in)
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "scripts/build_hook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda kind: module.Build(root=str(tmp_path), target_name=kind)


def test_a_wheel_takes_what_is_unchecked_from_a_folder_that_goes_away(hook, written):
    data = {"force_include": {}}
    wheel = hook("wheel")
    wheel.initialize("standard", data)
    assert [(name, checked) for name, _, checked in written] == [("tables", False), ("light", False)]
    assert data["force_include"] == {folder: f"vidcalc/data/{name}" for name, folder, _ in written}
    folders = [Path(folder) for _, folder, _ in written]
    assert all((folder / "index.py").exists() and ROOT not in folder.parents for folder in folders)
    wheel.finalize("standard", data, "")
    assert not any(folder.exists() for folder in folders)


def test_a_checkout_gets_a_light_copy_that_is_checked_and_no_tables(hook, written):
    data = {"force_include": {}}
    hook("wheel").initialize("editable", data)
    assert written == [("light", BUILT, True)]
    assert data == {"force_include": {}}


def test_an_sdist_holds_sources_alone(hook, written):
    hook("sdist").initialize("standard", {"force_include": {}})
    assert written == []
