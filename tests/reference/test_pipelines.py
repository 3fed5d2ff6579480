"""Every pipeline of the installed diffusers that makes videos has a model in the catalogue, of the classes it takes."""

import inspect
import re
from typing import Any

import pytest

from vidcalc.catalog.models import model, names

diffusers = pytest.importorskip("diffusers")

MAKES = re.compile(r"return \w+Output\([^)]*\b(?:frames|video)\s*=")
ASKS = {"num_frames", "video_length", "video"}
LEAST = 75  # of diffusers 0.42.1


def video_pipelines() -> dict[str, Any]:
    """Pipelines whose call asks for frames or gives them."""
    found = {}
    for name in dir(diffusers):
        class_ = getattr(diffusers, name) if name.endswith("Pipeline") else None
        if not inspect.isclass(class_) or not issubclass(class_, diffusers.DiffusionPipeline):
            continue
        calls = [vars(each)["__call__"] for each in class_.__mro__ if "__call__" in vars(each)]
        if not calls:
            continue
        call = inspect.unwrap(calls[0])
        asked = set(inspect.signature(call).parameters)
        if asked & ASKS or MAKES.search(inspect.getsource(call)):
            found[name] = class_
    return found


def models_of() -> dict[str, list[str]]:
    """Pipeline -> ids of the catalogue models that it runs."""
    table: dict[str, list[str]] = {}
    for name in names():
        for pipeline in model(name).pipelines:
            table.setdefault(pipeline, []).append(name)
    return table


def test_every_video_pipeline_has_a_model() -> None:
    pipelines, covered = video_pipelines(), models_of()
    missing = sorted(set(pipelines) - set(covered))
    assert not missing, f"no catalogue model names these pipelines of diffusers {diffusers.__version__}: {missing}"
    assert len(pipelines) >= LEAST, "pipelines are no longer found"


@pytest.mark.parametrize("name", sorted(models_of()))
def test_a_model_is_of_the_classes_that_its_pipeline_takes(name: str) -> None:
    class_ = getattr(diffusers, name, None)
    assert class_ is not None, "the installed diffusers has no such pipeline"
    if hasattr(class_, "_backends"):
        pytest.skip(f"it needs {class_._backends} installed")
    asked = " ".join(str(each.annotation) for each in inspect.signature(class_.__init__).parameters.values())
    for each in models_of()[name]:
        known = model(each)
        for part in (known.denoiser, known.vae):
            wanted = part.class_.split("+")  # two networks that run as one
            assert all(one in asked for one in wanted if one), (each, part.class_, asked)
