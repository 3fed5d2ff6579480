"""Families are found by reading their files, and agree with what importing them says."""

from importlib import import_module
from pathlib import Path

from vidcalc import networks
from vidcalc.catalog import families
from vidcalc.catalog.models import model, names
from vidcalc.modelfiles import geometry

FOLDER = Path(networks.__file__).parent


def test_the_index_says_what_the_modules_say():
    stated = {}
    for path in sorted(FOLDER.glob("*/*.py")):
        name = f"{path.parent.name}.{path.stem}"
        for class_ in getattr(import_module("vidcalc.networks." + name), "CLASSES", ()):
            stated.setdefault(class_, name)
    assert families.families() == stated
    assert families.make_index()["classes"] == stated


def test_members_are_the_models_with_a_component_of_the_class():
    held = families.members()["AutoencoderKLWan"]
    assert "wan2.1-t2v-14b" in held
    assert all(model(name).vae.class_ == "AutoencoderKLWan" for name in held)


def test_a_vaes_configuration_and_its_catalogue_entry_give_one_geometry():
    for name in names():
        vae = model(name).vae
        for key, value in geometry.compression(vae.class_, vae.config).items():
            assert getattr(vae, key) == value, (name, key)
