"""Models nobody listed: made from what their own files say, read from a folder, one file, or the hub.

    model = from_path("~/models/Wan2.1-T2V-14B-Diffusers")     # or a config.json, .safetensors, .gguf
    model = from_path("hf:OWNER/NAME")                         # configurations and headers only, never weights

`source` finds and opens files, here or on the hub; `safetensors` and `gguf` read what a weight file says about its
tensors, `packed` puts quantised layers together; `folder` gathers the components, `checkpoint` takes a file of several
apart, `layouts` knows makers' names, `identify` recognises bare weights, `parts` makes each a `Component`, and
`assemble` the `Model`, with what the files leave open taken from the model of the catalogue that is most alike
(`alike`). `lora` recognises adapters; `recipes` reads files that say what is to be done.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vidcalc.describe.model import Model
    from vidcalc.modelfiles.parts import Published
    from vidcalc.modelfiles.source import Source

HUB = "hf:"


def from_path(path: str, published: "Published | None" = None) -> "Model":
    """The model in a file, a folder, or (with "hf:OWNER/NAME") a repository of the hub.

    published  `vidcalc.reference.published`, where the published code may run a class that no family mirrors
    Raises Unreadable where that cannot be, with the problem's id.
    """
    from vidcalc.modelfiles.assemble import assemble
    from vidcalc.modelfiles.folder import gather

    if path.startswith(HUB):
        from vidcalc.modelfiles.hub import repository

        source: Source = repository(path.removeprefix(HUB))
    else:
        from vidcalc.modelfiles.source import opened

        source = opened(path)
    return assemble(gather(source), source, published)
