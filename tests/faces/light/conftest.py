"""A light copy built from the sources as they are, whatever an installation has left."""

import sys

import pytest

from vidcalc.faces import light
from vidcalc.faces.light import bundle


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    """The folder of a light copy of these sources; this process loads its own from there."""
    folder = tmp_path_factory.mktemp("light")
    bundle.write(folder)
    light.__path__[1:] = [str(folder)]
    for name in [name for name in sys.modules if name.startswith(("vidcalc.faces.light.part", bundle.INDEX))]:
        del sys.modules[name]
    return folder
