"""Writes src/vidcalc/data/class_keys.toml: the keys that published classes of denoisers and autoencoders take.

    python scripts/make_class_keys.py [--check]

Needs the extra `reference`. --check exits with 1 where the file is not what the installed diffusers says.
"""

import inspect
import sys

from generated import DATA, settle
from vidcalc.catalog.families import families, role


def content() -> str:
    """The file, from the signatures of the installed classes."""
    import diffusers

    lines = [
        "# Keys that a published class of a denoiser or an autoencoder takes: what is not among them means nothing to it.",
        f"# source: signatures of diffusers {diffusers.__version__}, by scripts/make_class_keys.py",
        "",
        "[keys]",
    ]
    for name in sorted(families()):
        made = getattr(diffusers, name, None)
        if made is not None and role(families()[name]) != "text_encoder":
            keys = [key for key in inspect.signature(made.__init__).parameters if key not in ("self", "kwargs")]
            lines.append(f"{name} = [" + ", ".join(f'"{key}"' for key in keys) + "]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(settle(DATA / "class_keys.toml", content, __doc__))
