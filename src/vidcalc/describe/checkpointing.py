"""Which blocks of a network forget what backward needs and run again for it, from one word.

none          every block keeps everything
full          each block keeps only its input
every:K       every K-th block is checkpointed, the others keep everything (torchtitan's layer option)
partial:F     a fraction F of the blocks is checkpointed, spread evenly
segments:K    K blocks in a row share one input and run again together
attention     full, but the output of attention stays and is not computed again
matmul        full, but the outputs of linear layers and of attention stay
offload       full, with the blocks' inputs waiting in pinned host memory
"""

import msgspec
from msgspec.structs import replace

from vidcalc.base.errors import InputError, nearest
from vidcalc.base.number import Number

FLAG = "checkpointing"
PLAIN = ("none", "full", "attention", "matmul", "offload")
COUNTED = ("every", "segments")
ASIDE = "+attention-offload"
ALLOWED = (*PLAIN, "every:K", "partial:F", "segments:K", "full" + ASIDE, "partial:F" + ASIDE)


class Checkpointing(msgspec.Struct, frozen=True, kw_only=True):
    """What a word means. Words that mean the same are equal: `every:1`, `segments:1`, `partial:1` and `full`.

    share      (p, q): p of every q blocks are checkpointed, the last of each stretch
    segment    blocks that run again together
    kept       kinds of ops whose results stay: "attention", "matmul"
    offloaded  whether the blocks' inputs wait in host memory
    aside      whether what attention keeps does
    """

    share: tuple[int, int] = (0, 1)
    segment: int = 1
    kept: tuple[str, ...] = ()
    offloaded: bool = False
    aside: bool = False

    @property
    def keeps(self) -> bool:
        """Whether something of a block that runs again stays on the device beside its input."""
        return bool(self.kept) or self.aside

    def among(self, blocks: Number) -> Number:
        """How many of the first `blocks` blocks are checkpointed."""
        chosen, of = self.share
        return blocks * chosen // of

    @property
    def uniform(self) -> bool:
        """Whether all blocks are treated alike."""
        return self.share[0] in (0, self.share[1])


NONE = Checkpointing()
FULL = Checkpointing(share=(1, 1))
MEANINGS = {
    "none": NONE,
    "full": FULL,
    "attention": Checkpointing(share=(1, 1), kept=("attention",)),
    "matmul": Checkpointing(share=(1, 1), kept=("attention", "matmul")),
    "offload": Checkpointing(share=(1, 1), offloaded=True),
}


def checkpointing(stated: str) -> Checkpointing:
    """What a setting like "full" or "every:2" means. Raises InputError for anything else."""
    if stated.endswith(ASIDE):
        plain = checkpointing(stated.removesuffix(ASIDE))
        if plain.kept or plain.offloaded or plain.segment != 1:
            raise InputError(FLAG, stated, ALLOWED, "full" + ASIDE)
        return replace(plain, aside=True)
    word, colon, number = stated.partition(":")
    if word in MEANINGS and not colon:
        return MEANINGS[word]
    if word in COUNTED:
        count = _count(stated, word, number)
        return Checkpointing(share=(1, count)) if word == "every" else Checkpointing(share=(1, 1), segment=count)
    if word == "partial":
        return Checkpointing(share=_fraction(stated, number))
    raise InputError(FLAG, stated, ALLOWED, _closest(word))


def _count(stated: str, word: str, number: str) -> int:
    """A whole number of blocks, at least one."""
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise InputError(FLAG, stated, (f"{word}:K, K = 1, 2, 3 …",), f"{word}:2")
    return int(number)


def _fraction(stated: str, number: str) -> tuple[int, int]:
    """A share of the blocks from 0 to 1, exact as it is written: (1, 4) of "0.25", (1, 3) of "1/3"."""
    from fractions import Fraction

    try:
        share = Fraction(number)
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise InputError(FLAG, stated, ("partial:F, 0 ≤ F ≤ 1",), "partial:0.5")
    return share.numerator, share.denominator


def _closest(word: str) -> str | None:
    """The setting that looks most like a word that is none, with a number where it takes one."""
    examples = {name: name for name in PLAIN} | {"every": "every:2", "segments": "segments:2", "partial": "partial:0.5"}
    close = nearest(word, tuple(examples))
    return examples[close] if close else None
