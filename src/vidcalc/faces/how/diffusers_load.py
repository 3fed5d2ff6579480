"""Loading a pipeline: the dtype of each component, and what is quantised as it comes."""

from vidcalc.catalog.precisions import precision
from vidcalc.faces.how.python import call, mapping
from vidcalc.faces.how.script import Script
from vidcalc.faces.words import _


def loaded(script: Script, pipeline: str, repository: str) -> list[str]:
    """`pipe = Pipeline.from_pretrained(...)`; casts of what is stored narrower go to the lines after it."""
    script.imports.add(("diffusers", pipeline))
    words = formats(script)
    arguments = [f'"{repository}"', "dtype=" + dtypes(script, words)]
    packed = {part: quantised(script, part, word) for part, word in words.items()}
    packed = {part: code for part, code in packed.items() if code}
    if packed:
        script.imports.add(("diffusers", "PipelineQuantizationConfig"))
        arguments.append(f"quantization_config=PipelineQuantizationConfig(quant_mapping={mapping(packed)})")
    for part, word in words.items():
        cast(script, part, word)
    return call(f"pipe = {pipeline}.from_pretrained", *arguments)


def formats(script: Script) -> dict[str, str]:
    """The number format of each component of the pipeline, by its name."""
    plan = script.job.plan
    return {
        **dict.fromkeys(script.denoisers, plan.precision),
        **dict.fromkeys(script.encoders, plan.text_encoder_precision),
        **dict.fromkeys(script.pipeline["vaes"], plan.vae_precision),
    }


def dtypes(script: Script, words: dict[str, str]) -> str:
    """One dtype, or one for each component that differs from the denoiser's."""
    named = {part: dtype(script, word) for part, word in words.items()}
    usual = next(iter(named.values()), "torch.bfloat16")
    others = {part: each for part, each in named.items() if each != usual}
    return mapping({"default": usual, **others}) if others else usual


def dtype(script: Script, word: str) -> str:
    """What a format computes in, as torch calls it."""
    known: dict[str, str] = script.facts["dtypes"]
    return known[word] if word in known else known[precision(word).compute]


def quantised(script: Script, part: str, word: str) -> str:
    """The configuration that quantises a component as it loads, as code; "" where the format needs none."""
    facts = script.facts["quantised"].get(word)
    if facts is None:
        if word not in script.facts["dtypes"] and word not in script.facts["casts"]:
            script.left.add("--" + FLAGS.get(part.partition("_")[0], "precision"), word)
        return ""
    script.need(facts["needs"])
    if "import" in facts:
        script.imports.add((facts["from"], facts["import"]))
    module = "transformers" if part in script.encoders else "diffusers"
    name = facts["config"]
    if part in script.encoders:  # two classes of one name
        script.imports.add((module, f"{name} as Transformers{name}"))
        return f"Transformers{name}({facts['made']})"
    script.imports.add((module, name))
    return f"{name}({facts['made']})"


FLAGS = {"text": "text-encoder-precision", "image": "text-encoder-precision", "vae": "vae-precision"}


def cast(script: Script, part: str, word: str) -> None:
    """Layer-wise casting of a component that is stored narrower than it computes."""
    stored = script.facts["casts"].get(word)
    if stored is None:
        return
    computes = dtype(script, word)
    if part in script.encoders:  # a network of transformers has no method of its own for it
        script.imports.add(("diffusers.hooks", "apply_layerwise_casting"))
        skips = script.facts["uncast"].get(encoder_class(script, part))
        arguments = [f"pipe.{part}", f"storage_dtype={stored}", f"compute_dtype={computes}"]
        if skips:
            script.left.add("--text-encoder-precision", word, _("{layers} stay as they are", layers=", ".join(skips)))
            arguments.append(f"skip_modules_pattern={tuple(skips)!r}".replace("'", '"'))
        script.add(*call("apply_layerwise_casting", *arguments))
        return
    script.add(f"pipe.{part}.enable_layerwise_casting(storage_dtype={stored}, compute_dtype={computes})")


def encoder_class(script: Script, part: str) -> str:
    """The class of an encoder of the pipeline."""
    images = part.startswith("image")
    own = script.job.model.image_encoders if images else script.job.model.text_encoders
    place = [each for each in script.encoders if each.startswith("image") == images].index(part)
    return own[place].class_
