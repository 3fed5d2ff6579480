"""The tape: a network's forward pass run on shapes alone.

A network family is written once as a function on a tape, reading like the published forward:

    q = tape.linear(x, d_out, "to_q")

Tensors have a shape and a dtype but no data. What the tape learns on the way:

* `ops`         the work, in order (see `vidcalc.ops`); a repeated layer is taped once with a count;
* `parameters`  every weight by its dotted name, once, however often it is used;
* `peak`        the most bytes of activations alive at once. A storage dies when the last name that holds it
                goes: Python's own reference counting plays the part it plays in eager PyTorch, so a taped
                function must hold its tensors under names exactly as long as the real module does;
* `log`         every storage that came and went, in order, and kernels' workspaces;
* `nodes`       what autograd keeps for backward, when taped with `training=True`.

Writing rules for a taped module, because `torch.nn.Module.__call__` keeps its arguments alive until it returns:
do not rebind a parameter of the function (use a new name), and let temporaries be temporaries.
Any size may be a Python int or a float64 array; nothing here branches on a number.

Files: `memory` and `recorder` keep account of `records`, `matrix` has the layers with weights and attention,
`pointwise` everything that only moves memory, `adapted` linear layers with LoRA, `backward` walks the nodes back,
`rounds` says what repeated blocks make of that, `allocator` and `replay` what the caching allocator makes of a forward
pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from vidcalc.base.number import Number
from vidcalc.base.place import Place
from vidcalc.tape.adapted import AdaptedLayers
from vidcalc.tape.records import ELEMENT_BYTES, Storage, Tensor

__all__ = ["ELEMENT_BYTES", "Storage", "Tape", "Tensor"]


class Tape(AdaptedLayers):
    """A shape-only recorder with the vocabulary of layers that networks are written in."""

    @contextmanager
    def checkpointed(self) -> Iterator[None]:
        """One block, taped as it runs, that checkpointing may run again."""
        with self.again(1):
            yield

    @contextmanager
    def block(self, name: str) -> Iterator[None]:
        """A block that differs from its neighbours, `blocks.7`: placed, moved and run again as repeated ones are."""
        with self.scope(name), self.checkpointed():
            if not self.place.block:
                self.place = Place(self.prefix.rstrip("."), "", self.place.role)
            yield

    @contextmanager
    def rows(self, name: str, times: Number, *carried: Tensor | None) -> Iterator[None]:
        """Several blocks taped once and run in turns so many times, `rows.*`: each is a block, a row is none."""
        place = self.place
        row = self.repeat(name, times, *carried, blocks=False)
        del carried  # they are the row's to let go
        with row:
            self.place = place
            yield
