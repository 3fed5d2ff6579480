"""From gathered components to a `Model`: roles, families, real bytes, and the rest from the most alike known model.

What the files do not say (default clip, guidance, accepted sizes, components that are not there) is the catalogue's;
every such thing stands in the model's `basis`, and so in each report.
"""

from typing import TypeVar

from msgspec.structs import replace

from vidcalc.base.facts import Facts
from vidcalc.catalog.load import names
from vidcalc.catalog.models import model as model_of
from vidcalc.catalog.spellings import recognised
from vidcalc.describe.model import Basis, Caution, Component, Denoiser, Model, Vae
from vidcalc.modelfiles import geometry
from vidcalc.modelfiles.alike import difference, most_alike
from vidcalc.modelfiles.folder import Gathered, SourcePart, known_class
from vidcalc.modelfiles.parts import Parts, Published, is_traced, named, sort
from vidcalc.modelfiles.source import Source
from vidcalc.modelfiles.weights import of_network, total

Part = TypeVar("Part", bound=Component)

MAIN = ("transformer", "unet", "dit", "")  # folders of the network that runs at every step


def assemble(gathered: Gathered, source: Source, published: Published | None = None) -> Model:
    """The model. Raises Unreadable for a class that nothing here can compute."""
    parts = Parts(published)
    for part in gathered.parts:
        sort(parts, named(parts, part, source))
    parts.denoisers.sort(key=lambda pair: MAIN.index(pair[0].id) if pair[0].id in MAIN else len(MAIN))
    denoiser = parts.denoisers[0][1] if parts.denoisers else None
    like = _like_which(parts, denoiser, source.name, gathered.pipeline)
    taken: list[str] = []
    for part in parts.unnamed:
        _unnamed(parts, part, like)
    model = replace(
        like,
        name=source.name,
        title=source.name,
        aliases=(),
        presets={},
        notes=(),
        sources=(source.name,),
        provenance="estimate" if parts.likened or _guessed(parts) else "exact",
        denoiser=_denoiser(parts, like, taken, alone=not gathered.pipeline),
        vae=_vae(parts, like, taken),
        **_beside(parts, like, taken, alone=not gathered.pipeline),
    )
    parts.basis.append(Basis(id="settings_from_catalogue", value=like.name, source=f"data/models/{like.name}.toml"))
    if taken:
        parts.basis.append(Basis(id="components_from_catalogue", value=", ".join(taken), source=like.name))
    if parts.missing:
        names = ", ".join(part.id for part in parts.missing)
        parts.cautions.append(Caution(id="components_not_here", values={"components": names}))
    return replace(model, basis=tuple(parts.basis), cautions=tuple(parts.cautions))


def _like_which(parts: Parts, denoiser: Component | None, name: str, pipeline: str) -> Model:
    """The most alike model of the catalogue; where the denoiser is not here, the one that its repository's name says,
    else one that the pipeline runs, which is told."""
    known = parts.like[0] if parts.like else ""
    missing = sorted(parts.missing, key=lambda part: part.id not in MAIN)
    named = next((match for part in missing if (match := recognised(part.repo)) is not None), None)
    if denoiser is not None or known:
        return most_alike(denoiser, parts.vae, (*parts.text, *parts.image), name, known)
    if named is not None:
        repos = ", ".join(dict.fromkeys(part.repo for part in missing if part.repo))
        parts.basis.append(Basis(id="recognised_by_repository", value=named.models[0], source=repos))
        if len(named.models) > 1:
            others = ", ".join(named.models[1:])
            parts.cautions.append(Caution(id="equal_models", values={"model": named.models[0], "others": others}))
        return model_of(named.models[0])
    run = _run_by(pipeline, name)
    like = most_alike(None, parts.vae, (*parts.text, *parts.image), name, run, tuple(parts.others))
    parts.cautions.append(Caution(id="denoiser_not_here", values={"model": like.name}))
    return like


def _guessed(parts: Parts) -> bool:
    """Whether nothing names the denoiser that is calculated."""
    return any(each.id == "denoiser_not_here" for each in parts.cautions)


def _run_by(pipeline: str, name: str) -> str:
    """The first model that a pipeline of diffusers runs, one that the name speaks of before others; "" for none."""
    run = [each for each in names("models") if pipeline in model_of(each).pipelines]
    match = recognised(name, run)
    return match.models[0] if match is not None else next(iter(run), "")


def recast(model: Model, denoiser: bool, vae: bool, encoders: bool) -> Model:
    """The model with the weights of those components in the plan's number format, not as their files hold them."""
    dropped: set[str] = set()

    def loosened(component: Part, wanted: bool) -> Part:
        if not wanted or component.held is None:
            return component
        dropped.add(component.id)
        return replace(component, held=None)

    changed = replace(
        model,
        denoiser=loosened(model.denoiser, denoiser),
        vae=loosened(model.vae, vae),
        text_encoders=tuple(loosened(each, encoders) for each in model.text_encoders),
        image_encoders=tuple(loosened(each, encoders) for each in model.image_encoders),
    )
    basis = tuple(b for b in model.basis if b.id != "weights_as_stored" or b.value.partition(":")[0] not in dropped)
    return replace(changed, basis=basis)


def _unnamed(parts: Parts, part: SourcePart, like: Model) -> None:
    """Weights like no known network: the catalogue's component of that role with the file's bytes, else counted."""
    header = part.header
    if header is None or not header.nbytes:
        return
    held: Facts = {"held": header.nbytes, "stored": header.precision}
    listed = ", ".join(header.formats)
    parts.basis.append(Basis(id="weights_as_stored", value=f"{part.id}: {listed}", provenance="exact"))
    left = [each for each in like.text_encoders if all(each.id != text.id for text in parts.text)]
    if part.id == "vae" and parts.vae is None:
        parts.vae = Component(id=like.vae.id, class_=like.vae.class_, config=like.vae.config, **held)
    elif part.id.startswith("text_encoder") and left:
        nearest = min(left, key=lambda each: abs((each.params or 0) - header.elements))
        parts.text.append(replace(nearest, **held))
    else:
        counted = Component(id=part.id or "other", params=header.elements, **held)
        parts.others.append(counted)


def _denoiser(parts: Parts, like: Model, taken: list[str], *, alone: bool) -> Denoiser:
    """The denoiser: from the files, with geometry and calling habits of the most alike; two equal ones are experts.

    One expert's file alone is one of as many as the most alike model has.
    """
    if not parts.denoisers:
        taken.append(like.denoiser.id)
        return like.denoiser
    (_, made), *further = parts.denoisers
    same = [component for _, component in further if component.config == made.config]
    parts.others += [component for _, component in further if component.config != made.config]
    config = made.config["config"] if is_traced(made) else made.config
    usual = like.denoiser
    heads = config.get("num_attention_heads", usual.heads)
    same_class = usual.class_ == made.class_
    copies = 1 + len(same)
    if alone and not same and usual.copies > 1 and same_class and not difference(made, usual):
        copies = usual.copies
        taken += [f"{made.id} {number}" for number in range(2, copies + 1)]
    return Denoiser(
        id=made.id,
        network=made.network,
        class_=made.class_,
        config=made.config,
        params=made.params,
        held=made.held,
        stored=made.stored,
        copies=copies,
        timestep=usual.timestep if same_class else "sample",
        extra=usual.extra if same_class else {},
        patch=geometry.patch(config, usual.config if same_class else {}, usual.patch),
        heads=heads if isinstance(heads, int) else 0,
        kv_heads=usual.kv_heads if heads == usual.heads else 0,
        run=usual.run,
    )


def _vae(parts: Parts, like: Model, taken: list[str]) -> Vae:
    """The VAE: from the files, with the frame rules of the most alike model's."""
    if parts.vae is None:
        taken.append(like.vae.id)
        return like.vae
    made, usual = parts.vae, like.vae
    if not made.network and made.class_ == usual.class_:
        return replace(usual, id=made.id, held=made.held, stored=made.stored)
    config = made.config["config"] if is_traced(made) else made.config
    stated: Facts = {
        "temporal_compression": usual.temporal_compression,
        "spatial_compression": usual.spatial_compression,
        "latent_channels": usual.latent_channels,
    }
    if usual.class_ != made.class_ or difference(made, usual):
        stated |= geometry.compression(made.class_, config)
    return replace(
        usual,
        id=made.id,
        network=made.network,
        class_=made.class_,
        config=made.config,
        params=made.params,
        held=made.held,
        stored=made.stored,
        extra=usual.extra if usual.class_ == made.class_ else {},
        **stated,
    )


def _beside(parts: Parts, like: Model, taken: list[str], *, alone: bool) -> dict[str, tuple[Component, ...]]:
    """Encoders and others: the files', or the catalogue's where a component stands alone or its folder is not here."""
    if alone:
        groups = {
            "text_encoders": tuple(parts.text) or like.text_encoders,
            "image_encoders": tuple(parts.image) or like.image_encoders,
            "others": _others(parts, like),
        }
        groups["text_encoders"] = tuple(_like(each, like.text_encoders, like) for each in groups["text_encoders"])
        here = (*parts.text, *parts.image, *parts.others)
        components = (each for group in groups.values() for each in group)
        taken += [each.id for each in components if each.id not in {part.id for part in here}]
        return groups
    catalogue = (*like.text_encoders, *like.image_encoders, *like.others)
    text, image, others = list(parts.text), list(parts.image), [_called(each, like) for each in parts.others]
    for absent in list(parts.missing):
        class_ = known_class(absent.class_) or absent.class_
        match = next((each for each in catalogue if each.class_ == class_ and each.id not in taken), None)
        if match is not None:
            (text if match in like.text_encoders else image if match in like.image_encoders else others).append(match)
            taken.append(match.id)
            parts.missing.remove(absent)
        elif absent.id in ("vae", *MAIN):  # already the catalogue's
            parts.missing.remove(absent)
    return {
        "text_encoders": tuple(_like(each, like.text_encoders, like) for each in text),
        "image_encoders": tuple(_like(each, like.image_encoders, like) for each in image),
        "others": tuple(each for each in others if each.params),
    }


def _others(parts: Parts, like: Model) -> tuple[Component, ...]:
    """What stands beside where one component is here alone: the catalogue's, that one in place of its like."""
    here = [_called(each, like) for each in parts.others]
    classes = {each.class_ for each in here} & {each.class_ for each in like.others if each.class_}
    if not here or not classes:
        return tuple(here) or like.others
    return (*here, *(each for each in like.others if each.class_ not in classes))


def _called(made: Component, like: Model) -> Component:
    """A component beside as the most alike model calls its own of that class: its stage, how much it is given."""
    usual = next((each for each in like.others if made.class_ and each.class_ == made.class_), None)
    if usual is None:
        return made
    id_ = usual.id if made.id == "other" else made.id
    held = made.held or (None if made.params else usual.held)
    called = replace(usual, id=id_, config=made.config, held=held, stored=made.stored)
    return replace(called, params=made.params or _weights(called, usual))


def _weights(called: Component, usual: Component) -> int | None:
    """The elements of a component beside: the catalogue's where its numbers are, else by its own."""
    if not called.network or not difference(called, usual):
        return usual.params
    try:
        return total(of_network(called, "vae"))
    except Exception:  # what is not called as an autoencoder is, or numbers that do not go together
        return usual.params


def _like(made: Component, encoders: tuple[Component, ...], like: Model) -> Component:
    """An encoder called as the most alike model calls its own of that class: padded length, runs, mask."""
    if any(made is each for each in encoders):
        return made
    usual = next((each for each in encoders if each.class_ == made.class_), None)
    if usual is None:
        return replace(made, tokens=made.tokens or like.defaults.text_tokens)
    counted = usual.params if not made.network else made.params
    return replace(made, tokens=usual.tokens, runs=usual.runs, extra=usual.extra, params=counted)
