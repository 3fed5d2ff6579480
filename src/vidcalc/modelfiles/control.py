"""A file of a control network: its configuration, or its weights, whose number tells which of the catalogue it is."""

from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.catalog import controls, load
from vidcalc.describe.control import Offer
from vidcalc.describe.model import Component, Model
from vidcalc.describe.shape import Shape
from vidcalc.modelfiles.source import header, opened
from vidcalc.tape.trace import network, trace

FLAG = "control"
SMALL = Shape(frames=1, height=16, width=16, tokens=1)  # weights are the same at every size
ENDING = ".json"


def of_file(path: str, model: Model) -> tuple[str, Offer]:
    """(id of the catalogue, the control as the file has it). Raises Unreadable for what is no control network, or for
    one of another model.
    """
    source = opened(path)
    if source.focus.casefold().endswith(ENDING):
        config = source.json(source.focus)
        class_ = str(config.get("_class_name", ""))
        alike = [(name, each) for name, each in _beside() if each.class_ == class_]
        if not alike:
            raise Unreadable(path, "no_control", flag=FLAG)
        name, base = next(((name, each) for name, each in alike if name in controls.fitting(model)), alike[0])
        own = {key: value for key, value in config.items() if key in network(base).Config.__struct_fields__}
        found = replace(base, config={**base.config, **own}, params=None)
    else:
        head = header(source, source.focus)
        count = 0 if head is None else head.elements
        matches = [(name, each) for name, each in _beside() if weights(each) == count]
        if not matches:
            raise Unreadable(path, "no_control", flag=FLAG)
        name, found = matches[0]
    offer = replace(controls.control(name), network=found)
    if not controls.fits(offer, model):
        raise Unreadable(path, "control_of_another", flag=FLAG, title=offer.title, model=model.title)
    return name, offer


def weights(component: Component) -> int:
    """Weight elements of a control network."""
    if component.params is not None:
        return component.params
    return int(trace(component, "forward", SMALL, "bf16").parameter_count)


def _beside() -> list[tuple[str, Component]]:
    """(id, network) of the catalogue's controls that are networks of their own."""
    offers = ((name, controls.control(name).network) for name in load.names(controls.KIND))
    return [(name, each) for name, each in offers if each is not None]
