"""The bookkeeping under a tape: storages that live and die, names, repeats, weights, and nodes for backward."""

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import ref

from vidcalc.base.number import Number, maximum, where, whole_blocks
from vidcalc.describe.adapters import Adapters, Loras
from vidcalc.describe.checkpointing import NONE, Checkpointing
from vidcalc.ops.base import Op
from vidcalc.tape.memory import ROUNDING, Memory
from vidcalc.tape.records import ATTENTION, LEFT, ROUND, Leave, Node, Section, Storage, Tensor, some

MASKS = ("int8", "bool")  # dtypes of what no gradient runs through


class Recorder(Memory):
    """What a tape keeps account of, without the vocabulary of layers.

    dtype          the dtype activations and weights are computed in ("bf16")
    training       whether autograd is on: differentiable ops then keep what their backward needs
    checkpointing  which blocks are to run again in backward (the tape holds what they need for it)
    adapters       the weights that are trained, where the network's own are frozen
    loras          that run with the linear layers of a network that generates
    spelled        which attentions no fused kernel takes: "none", "pairs" (with a mask of all pairs), "all", or "split"
                   (all, a slice of the scores at a time)
    room           bytes that such a slice may take
    fused          whether a compiler joins the elementwise work of repeated blocks
    """

    def __init__(
        self,
        dtype: str = "bf16",
        *,
        training: bool = False,
        checkpointing: Checkpointing = NONE,
        adapters: Adapters | None = None,
        loras: Loras | None = None,
        spelled: str = "none",
        fused: bool = False,
        room: Number = 0,
    ) -> None:
        super().__init__(dtype, fused)
        self.training = training
        self.checkpointing = checkpointing
        self.adapters = adapters
        self.loras = loras
        self.spelled, self.room = spelled, room
        self.paired = False  # whether an attention had a mask of all pairs
        self.peak_saved: Number = 0  # the peak when something was last saved for backward
        self.entered = -1  # the node that opens the outermost repeated section being taped, with training on
        self.consumed: Number = 0  # bytes from before that section that it freed
        self.repeated: Number = 0  # bytes that further rounds of sections inside it left behind
        self.sections: list[Section] = []  # repeated sections being taped
        self.blocks: Number = 0  # blocks taped so far
        self.last_op = 0  # ops taped up to the last that saved something
        self.read: dict[int, ref[Storage]] = {}  # storages from before it that it read
        self.cached: Number = 0  # bytes of results in that section that selective checkpointing keeps
        self.leaves: set[int] = set()  # storages that attention keeps on the device there where others go to the host
        self.peak_bare: Number = 0  # the most bytes alive beside those, and up to what was last saved
        self.peak_again: Number = 0
        self.ops: list[Op] = []
        self.parameters: dict[str, tuple[Number, str]] = {}
        self.rounds: dict[str, Number] = {}  # how many layers a parameter's name stands for
        self.homes: dict[str, str] = {}  # the repeated blocks it belongs to; "" outside of any
        self.trained: Number = 0  # elements of adapters' weights
        self.nodes: list[Node | Section | Leave] = []
        self.count: Number = 1  # executions of what is being taped
        self.copies: Number = 1  # sets of weights it stands for

    # --- names --------------------------------------------------------------------------------------------

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names inside are prefixed with `name.`, as a submodule's are."""
        prefix, place = self.prefix, self.place
        self.prefix, self.place = prefix + name + ".", place.inside(name)
        try:
            yield
        finally:
            self.prefix, self.place = prefix, place

    @contextmanager
    def repeat(self, name: str, times: Number, *carried: Tensor | None, blocks: bool = True) -> Iterator[None]:
        """A layer taped once and run `times` times in a row, each with weights of its own: `blocks.*`.

        The layer must end as it began (same names alive), apart from what autograd keeps: that is kept
        `times` times. With `times` = 0 nothing of it counts.

        carried  what a round hands to the next: behind adapters it wants a gradient in all rounds but the first
        blocks   whether each round is a block that checkpointing may run again
        """
        self._carry(carried)
        del carried  # they are the layer's to let go
        with self.layers(name, times), self.again(times, blocks=blocks):
            yield

    @contextmanager
    def layers(self, name: str, times: Number) -> Iterator[None]:
        """Names and weights of repeated layers, `blocks.*`, whose runs the code inside tapes."""
        before = self.prefix, self.copies, self.place
        self.place = self.place.repeated(name, self.prefix + name)
        self.prefix, self.copies = f"{self.prefix}{name}.*.", self.copies * times
        try:
            yield
        finally:
            self.prefix, self.copies, self.place = before

    @contextmanager
    def again(self, times: Number, *, blocks: bool = True) -> Iterator[None]:
        """The same weights run `times` times in a row (chunks of frames, tiles); with 0 nothing counts."""
        count, live, peak, peak_at, device = self.count, self.live, self.peak, self.peak_at, self.device_peak
        self.count, self.peak, self.device_peak = count * times, live, 0
        self.chains_end()
        self.log.append((ROUND, times))
        streamed, running = self.streamed, self.running
        section = Section(times, self.training and blocks and self.entered < 0, self.blocks, len(self.ops))
        if self.training:
            self._enter(section)
        try:
            yield
        finally:
            self.chains_end()
            self.log.append((LEFT, 0))
            self.count = count
            one, two = zip(streamed, self.streamed, strict=True)
            self.streamed = where(times > 0, one[1], one[0]), where(times > 0, two[1], two[0])
            self.running = where(times > 0, self.running, running)
            self._leave(section, live)
            inside = where(times > 0, self.peak + maximum(section.growth * (times - 1), 0), 0)
            self.peak, self.device_peak = peak, maximum(device, where(times > 0, self.device_peak, 0))
            at, self.peak_at = self.peak_at, peak_at
            self._raise_peak(inside, at)
            self.peak_saved = self.peak

    def _enter(self, section: Section) -> None:
        """Open a repeated section."""
        if section.block:
            self.entered, self.consumed, self.repeated, self.cached = len(self.nodes), 0, 0, 0
            self.leaves.clear()
            self.read = {}
            self.peak_bare = self.peak_again = self.live
            self.last_op = section.first_op
        section.cached = self.cached
        section.around = tuple(self.sections)
        self.sections.append(section)
        self.nodes.append(section)

    def _leave(self, section: Section, live: Number) -> None:
        """Close a repeated section: the growth of one round happens `times` times."""
        if not self.training:
            return
        self.sections.pop()
        section.growth = self.live - live
        section.peak = self.peak_saved - live
        section.cached = self.cached - section.cached
        if section.block:
            section.consumed = self.consumed
            section.made = self._saved_since(self.entered)
            section.saved = sum(nbytes for nbytes, _ in section.made.values()) + self.repeated
            section.handed = section.growth + section.consumed - section.saved
            section.aside = sum(node.away for node in self.nodes[self.entered :] if isinstance(node, Node))
            section.peak_again = self.peak_again - live
            section.last_op = self.last_op
            section.inputs = self._arguments(section)
            self.entered = -1
            self.blocks = self.blocks + section.times
        further = section.times - 1
        self.repeated = self.repeated + section.growth * further
        self.cached = self.cached + section.cached * further
        self.peak_bare = self.peak_bare + maximum((section.growth - section.cached) * further, 0)
        self.nodes.append(Leave(section))
        self.live = live + section.growth * section.times

    def _arguments(self, section: Section) -> tuple[Storage, ...]:
        """Storages from before a checkpointed section that it read and that are still there."""
        chosen = self.checkpointing.among(section.before + section.times) - self.checkpointing.among(section.before)
        seen = (seen() for seen in self.read.values()) if section.around or some(chosen) else ()
        there = tuple(storage for storage in seen if storage is not None)
        for storage in there:
            for maker in (node.section for node in self.nodes if isinstance(node, Leave)):
                if maker.made.get(id(storage), (0, -1))[1] == storage.born:
                    nbytes, _ = maker.made.pop(id(storage))
                    maker.handed = maker.handed + nbytes  # saved there, and handed on all the same
        return there

    def _saved_since(self, first: int) -> dict[int, tuple[Number, int]]:
        """(bytes, age) of what the ops behind a node saved for backward and that was made there, by storage."""
        kept = (each for node in self.nodes[first:] if isinstance(node, Node) for each in node.saved)
        return {id(each): (each.nbytes, each.born) for each in kept if each.born > first}

    def parameter(self, name: str, elements: Number, keep: str = "") -> None:
        """A weight: counted once per dotted name. `keep` names the dtype it stays in whatever the precision."""
        self.parameters[self.prefix + name] = (elements * self.copies, keep)
        self.rounds[self.prefix + name] = self.copies
        self.homes[self.prefix + name] = self.place.block

    @property
    def parameter_count(self) -> Number:
        """All weight elements."""
        return sum(elements for elements, _ in self.parameters.values())

    # --- gradients ----------------------------------------------------------------------------------------

    def differentiable(
        self,
        inputs: tuple[Tensor, ...],
        saved: tuple[Tensor | Storage, ...],
        out_bytes: Number,
        weights: Number = 0,
        shared: bool = False,
        *,
        adapter: bool = False,
    ) -> int:
        """Register a differentiable op; -1 where nothing behind it wants a gradient.

        inputs   the tensors it came from
        saved    storages or tensors autograd keeps until this op's backward ran
        weights  bytes of the gradients of its own parameters
        shared   its parameters belong to an earlier op, which counts their gradients
        adapter  its parameters are an adapter's

        Beside adapters the network's own weights are frozen: they want no gradients.
        """
        if self.entered >= 0 and self.checkpointing.share[0]:
            outside = (t.storage for t in inputs if t.storage is not None and t.storage.born <= self.entered)
            self.read.update((id(storage), ref(storage)) for storage in outside)
        sources = tuple((t.node, whole_blocks(t.nbytes, ROUNDING)) for t in inputs if t.node >= 0)
        frozen, weighted = self.adapters is not None and not adapter, False
        if frozen:
            weighted, weights, shared = shared or some(weights), 0, False
        if not sources and isinstance(weights, int) and weights == 0 and not shared:
            return -1
        kept = tuple(s for s in (s.storage if isinstance(s, Tensor) else s for s in saved) if s is not None)
        made_here = any(storage.born == len(self.nodes) for storage in kept)
        if kept:  # inputs are saved before the op runs, results after it
            self.peak_saved = self.peak if made_here else self.peak_before
            self.last_op = len(self.ops) - (not made_here)
        if self.checkpointing.keeps:
            self._bare(bool(kept), made_here)
        away = self._away(inputs, saved)
        node = Node(self.prefix, sources, tuple(each for each in kept if each not in away), out_bytes, weights)
        node.away = sum(whole_blocks(each.nbytes, ROUNDING) for each in away)
        node.frozen = frozen and weighted
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _away(self, inputs: tuple[Tensor, ...], saved: tuple[Tensor | Storage, ...]) -> set[Storage]:
        """What attention saves of a block in host memory, where it does: what autograd made.

        Its leaves stay, whether the block runs again or not: masks, and what an op reads that wants no gradient.
        """
        away: set[Storage] = set()
        if not (self.checkpointing.aside and self.entered >= 0 and ATTENTION in self.prefix):
            return away
        resting = {id(each) for each in inputs if each.node < 0}
        for each in saved:
            storage = each.storage if isinstance(each, Tensor) else each
            if storage is None:
                continue
            if not isinstance(each, Tensor) or (id(each) not in resting and each.dtype not in MASKS):
                away.add(storage)
            elif storage.born > self.entered and id(storage) not in self.leaves:
                self.leaves.add(id(storage))
                self.cached = self.cached + whole_blocks(storage.nbytes, ROUNDING)
        return away

    def keep(self, out: Tensor, *further: Tensor) -> None:
        """The op that made `out` saves these too for its backward."""
        node = self.nodes[out.node] if out.node >= 0 else None
        if isinstance(node, Node):
            node.saved += tuple(each.storage for each in further if each.storage is not None)

    def _bare(self, saved: bool, made_here: bool) -> None:
        """Keep the peak of what is alive beside results that selective checkpointing keeps."""
        before, self.peak_bare = self.peak_bare, maximum(self.peak_bare, self.live - self.cached)
        if saved:
            self.peak_again = self.peak_bare if made_here else before

    def cache(self, kind: str, *results: Tensor) -> None:
        """Results of an op of a kind: selective checkpointing may keep them, and not run the op again."""
        if kind in self.checkpointing.kept:
            self.cached = self.cached + sum(whole_blocks(each.nbytes, ROUNDING) for each in results)

    def _carry(self, tensors: tuple[Tensor | None, ...]) -> None:
        """Behind adapters, a node of its own for each tensor that nothing before it wants a gradient of."""
        for tensor in tensors if self.adapters is not None else ():
            if tensor is not None and tensor.node < 0:
                tensor.node = len(self.nodes)
                self.nodes.append(Node(self.prefix, (), (), tensor.nbytes, 0))
