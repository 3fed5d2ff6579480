"""One component of a model's files as a `Component`: its role, its family, its real bytes and its count."""

from typing import Protocol

from msgspec import to_builtins
from msgspec.structs import replace

from vidcalc.base.errors import Unreadable
from vidcalc.catalog.families import families, members, role
from vidcalc.catalog.models import model
from vidcalc.describe.model import Basis, Caution, Component
from vidcalc.modelfiles.folder import SourcePart, known_class
from vidcalc.modelfiles.identify import DEPTH, identify
from vidcalc.modelfiles.keys import meant, unknown
from vidcalc.modelfiles.quantised import configured
from vidcalc.modelfiles.source import Source
from vidcalc.modelfiles.weights import of_network, total
from vidcalc.tape.trace import configuration

DEEPEST = 10_000  # layers: more is a mistake
WIDEST = 10**6  # channels, tokens or words of a vocabulary: more is a mistake
NAMED = 6  # names worth listing
LARGEST = 1e12  # of a number that is no size, as a period of rotary embeddings is
COUNTED = "weights"  # how the key of a count of weights ends
DENOISERS = ("", "transformer")  # parts of a file that must be recognised


class Published(Protocol):
    """The published code, where it is installed: it can run a class that no family mirrors."""

    NETWORK: str  # full name of the module that stands in for a family's

    def exists(self, class_name: str, /) -> bool:
        """Whether it has a network of that name."""
        ...


class Parts:
    """Components by role, what was taken as given on the way, and the published code where it is at hand.

    like     models of the catalogue that bare weights of a denoiser were recognised as
    likened  models of the catalogue whose network stands in for a class that no family mirrors
    unnamed  parts of a checkpoint whose weights are like no known network
    """

    def __init__(self, published: Published | None) -> None:
        self.published = published
        self.denoisers: list[tuple[SourcePart, Component]] = []
        self.vae: Component | None = None
        self.text: list[Component] = []
        self.image: list[Component] = []
        self.others: list[Component] = []
        self.missing: list[SourcePart] = []
        self.unnamed: list[SourcePart] = []
        self.like: list[str] = []
        self.likened: list[str] = []
        self.basis: list[Basis] = []
        self.cautions: list[Caution] = []


def named(parts: Parts, part: SourcePart, source: Source) -> SourcePart:
    """Bare weights recognised: the class and configuration they must have."""
    if part.class_ or part.header is None:
        return part
    name = part.file or source.focus or source.name
    try:
        match = identify(part.header, name)
    except Unreadable:
        if part.id in DENOISERS and part.header.elements:
            raise
        return part
    parts.basis.append(
        Basis(
            id=f"identified_by_{match.by}",
            value=f"{match.class_} ({match.model})",
            source=name,
            provenance="exact" if match.by == "names" else "assumed",
        )
    )
    if role(families()[match.class_]) == "denoiser":
        parts.like.append(match.model)
    if match.also:
        parts.cautions.append(_equals(match.model, match.also))
    if match.beside:
        listed = ", ".join(match.beside[:NAMED]) + (" …" if len(match.beside) > NAMED else "")
        values = {"component": part.id or match.class_, "count": len(match.beside), "names": listed}
        parts.cautions.append(Caution(id="tensors_beside", values=values))
    return replace(part, class_=match.class_, config=match.config, elements=match.elements)


SOUND = ("Audio", "Vocoder")  # in names of classes


def sort(parts: Parts, part: SourcePart) -> None:
    """Put one component where it belongs."""
    if not part.here:
        parts.missing.append(part)
        return
    if not part.class_:
        parts.unnamed.append(part)
        return
    name = known_class(part.class_)
    kind = _role(part, name)
    _questioned(parts, part, name)
    if kind == "other":
        parts.others.append(_component(parts, part, "", kind))
    elif kind == "denoiser":
        parts.denoisers.append((part, _component(parts, part, name, kind)))
    elif _is_beside(part, name, kind):
        parts.others.append(_component(parts, part, "", "other"))
    elif kind == "vae":
        parts.vae = _component(parts, part, name, kind)
    else:
        (parts.image if kind == "image_encoder" else parts.text).append(_component(parts, part, name, kind))


def _is_beside(part: SourcePart, name: str, kind: str) -> bool:
    """Whether an autoencoder or an encoder is not the video's or the text's: one of sound, or under a name of its own
    and no model's of the catalogue."""
    if kind not in ("vae", "text_encoder"):
        return False
    sound = kind == "vae" and any(word in part.class_ for word in SOUND)
    main = part.id in ("", "vae") or part.id.startswith("text_encoder")
    return sound or (not main and bool(name) and name not in members())


def _questioned(parts: Parts, part: SourcePart, name: str) -> None:
    """Cautions about keys that the class has not, that are not computed, and about models it may be of instead."""
    component = part.id or part.class_
    strange = part.unknown or (unknown(name, part.config) if name == part.class_ else ())
    if strange:
        near = {key: meant(name, key) for key in strange[:NAMED]} if name else {}
        listed = ", ".join(f"{key} ({near[key]}?)" if near.get(key) else key for key in strange[:NAMED])
        more = " …" if len(strange) > NAMED else ""
        parts.cautions.append(Caution(id="unknown_keys", values={"component": component, "keys": listed + more}))
    if part.untold:
        values = {"component": component, "keys": ", ".join(part.untold)}
        parts.cautions.append(Caution(id="untold_keys", values=values))
    if part.also:
        parts.cautions.append(_equals(part.class_, part.also))


def _equals(taken: str, also: tuple[str, ...]) -> Caution:
    return Caution(id="equal_models", values={"model": taken, "others": ", ".join(also)})


def _role(part: SourcePart, name: str) -> str:
    """By the family of a known class; of another by its folder, else by how such classes are called."""
    vision = "Vision" in part.class_ or part.id.startswith("image_encoder")
    if name:
        kind = role(families()[name])
        return "image_encoder" if kind == "text_encoder" and vision else kind
    if part.id:
        begin = part.id.partition("_")[0]
        roles = {"transformer": "denoiser", "unet": "denoiser", "dit": "denoiser", "vae": "vae", "text": "text_encoder"}
        return "image_encoder" if part.id.startswith("image_encoder") else roles.get(begin, "other")
    lowered = part.class_.casefold()
    if "autoencoder" in lowered or lowered.endswith("vae"):
        return "vae"
    if any(word in lowered for word in ("encoder", "textmodel", "forcausallm", "vision")):
        return "image_encoder" if vision else "text_encoder"
    return "denoiser"


def _component(parts: Parts, part: SourcePart, name: str, kind: str) -> Component:
    """A component with its network, its real bytes where its weights are there, and its count where that is sure."""
    header, nbytes = part.header, part.nbytes
    stand_in = None if name or kind != "denoiser" else _stand_in(part.class_)
    planned = configured(part.quantization)
    made = Component(
        id=part.id or kind,
        network=families()[name] if name else stand_in.network if stand_in else _without_family(parts, part, kind),
        class_=name or part.class_,
        config=part.config,
        params=header.elements if header and kind == "other" else None,
        held=header.nbytes if header else nbytes,
        stored=planned or (header.precision if header else ""),
    )
    if is_traced(made):
        made = replace(made, config={"class_name": part.class_, "role": kind, "config": part.config})
        parts.basis.append(Basis(id="traced_class", value=part.class_, source="diffusers", provenance="measured"))
    if stand_in is not None:
        made = _likened(parts, made, stand_in)
    if name or stand_in is not None:
        _sound(made, kind)
    if planned:
        value = f"{made.id}: {planned}"
        parts.basis.append(Basis(id="quantised_as_configured", value=value, source=part.class_, provenance="exact"))
    if header:
        listed = ", ".join(header.formats)
        parts.basis.append(
            Basis(id="weights_as_stored", value=f"{made.id}: {listed}", source=part.class_, provenance="exact")
        )
        if made.network:
            made = _counted(parts, made, kind, part)
    return made


def _stand_in(class_: str) -> Component | None:
    """The denoiser of the catalogue's model of a class that another family's network stands in for; None for none."""
    models = (model(name) for name in members().get(class_, ()))
    return next((each.denoiser for each in models if each.denoiser.class_ == class_ and each.denoiser.network), None)


def _likened(parts: Parts, made: Component, stand_in: Component) -> Component:
    """With the catalogue's numbers where the configuration says none of them, and its count where it says the same."""
    # a key that says something of another kind there is another key
    alike = {key for key, value in made.config.items() if type(value) is type(stand_in.config.get(key))}
    own = {key: made.config[key] for key in alike}
    changed = any(value != stand_in.config[key] for key, value in own.items())
    like = next(name for name in members()[made.class_] if model(name).denoiser == stand_in)
    parts.likened.append(like)
    parts.cautions.append(Caution(id="class_likened", values={"component": made.class_, "model": like}))
    params = None if changed else stand_in.params
    return replace(made, config={**stand_in.config, **own}, params=params, extra=stand_in.extra)


def sane(value: object, key: str = "", least: int = 0) -> bool:
    """Whether every number in the values of a configuration is one that a network can have.

    Sizes and counts are whole: none is below zero or beyond a vocabulary's; -1 in a list means all of an axis. Nothing
    is infinite or no number.
    """
    if isinstance(value, dict):
        return all(sane(each, name) for name, each in value.items())
    if isinstance(value, list | tuple):
        return all(sane(each, key, least=-1) for each in value)
    if isinstance(value, int):
        return least <= value and (value <= WIDEST or key.endswith(COUNTED))
    return not isinstance(value, float) or abs(value) <= LARGEST


def _sound(made: Component, kind: str) -> None:
    """Raises Unreadable("bad_config") for numbers that no network can have."""
    counts = (value for key, value in made.config.items() if any(word in key for word in DEPTH))
    deep = any(isinstance(value, int | float) and value > DEEPEST for value in counts)
    try:
        good = not deep and sane(to_builtins(configuration(made))) and total(of_network(made, kind)) > 0
    except Exception:  # whatever a family makes of numbers that do not go together
        good = False
    if not good:
        raise Unreadable(made.class_, "bad_config")


def _counted(parts: Parts, made: Component, kind: str, part: SourcePart) -> Component:
    """With the file's own count, where the network has the same; a caution where it has not."""
    assert part.header is not None
    if part.header.packed:
        return made
    file = part.header.elements if part.elements is None else part.elements
    ours = total(of_network(made, kind))
    if ours == file:
        return replace(made, params=ours)
    values = {"component": made.id, "file": file, "network": ours}
    if known_class(part.class_) == part.class_:  # a class that holds more than the part we compute differs by design
        parts.cautions.append(Caution(id="weights_differ", values=values))
    return replace(made, params=max(ours, file))


def _without_family(parts: Parts, part: SourcePart, kind: str) -> str:
    """How a class that no family mirrors is computed: traced where the published code is installed.

    An encoder or anything else may be counted only; without the code a denoiser or a VAE cannot be answered for.
    Raises Unreadable("unknown_class" or "no_such_class").
    """
    if kind == "other" or (kind != "denoiser" and part.class_ in members()):  # the catalogue counts it, too
        return ""
    if parts.published is not None and parts.published.exists(part.class_):
        return parts.published.NETWORK
    if kind in ("denoiser", "vae"):
        raise Unreadable(part.class_, "no_such_class" if parts.published else "unknown_class")
    return ""


def is_traced(made: Component) -> bool:
    """Whether the published code stands in for a family: its module has a full name."""
    return made.network.startswith("vidcalc.")
