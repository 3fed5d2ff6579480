"""A VAE that works in tiles, and a batch of videos that it codes one by one."""

from msgspec.structs import replace

from vidcalc.base.number import Number, is_array, maximum, minimum, where
from vidcalc.catalog.precisions import precision
from vidcalc.describe.hardware import Accelerator, Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.types import Call, Ledger, Phase
from vidcalc.passes.formats import put as taped
from vidcalc.passes.framework import roll
from vidcalc.passes.phases import DECODER, rewrite, rewrite_calls
from vidcalc.rates.allocator import process_bytes
from vidcalc.tape import ELEMENT_BYTES
from vidcalc.tape.trace import tiles as can_tile

CODED = ("vae_encode", "vae_decode")


def tiles(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The VAE's calls with the tiles of its class, where it has any, and sliced to one video each."""

    def cut(phase: Phase) -> Phase:
        if phase.id not in CODED:
            return phase
        tiling = plan.vae_tiling if can_tile(phase.component) else "none"
        whole = replace(phase.call, tiling="none", tiles=None)
        call = whole if tiling in ("none", "when-full") else tiled(phase.call, ledger.model, plan, hardware.accelerator)
        if plan.vae_slicing == "off":
            return replace(phase, call=call)
        one = replace(call, shape=replace(call.shape, batch=1))
        return replace(phase, call=one, calls=phase.calls * ledger.batch, turns=phase.turns * ledger.batch)

    return rewrite_calls(ledger, cut)


def tiled(call: Call, model: str, plan: Plan, chip: Accelerator) -> Call:
    """The call in tiles: those that the framework has on that card, else those of the VAE's class.

    By the card it may be none; where tiles are asked for, the largest there are.
    """
    sizes = plan.runtime.tiles
    rows = sizes.get(model, sizes.get(call.component.network, ()))
    rows = tuple(row for row in rows if chip.capacity >= row.card)
    if plan.vae_tiling != "by-card":
        rows = tuple(row for row in rows if row.height)
    if rows and not rows[0].height:
        return replace(call, tiling="none", tiles=None)
    return replace(call, tiling="default", tiles=rows[0] if rows else None)


def retried(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """The VAE's calls in tiles instead where the whole clip has no room (ComfyUI, after it really failed)."""
    if plan.vae_tiling != "when-full":
        return ledger
    phases: list[Phase] = []
    for phase in ledger.phases:
        if phase.id not in CODED or not can_tile(phase.component):
            phases.append(phase)
            continue
        call = tiled(phase.call, ledger.model, plan, hardware.accelerator)
        other = taped(replace(phase, call=call), ledger, plan)
        other = roll(other, ledger, plan)  # of a tile as of the whole clip a few frames are there at once
        own = ledger.weights[phase.component.id].weights.copy
        free = hardware.accelerator.capacity - process_bytes(1, hardware.accelerator) - own
        # 1 where it fits, else 0
        fits = where(phase.activations + phase.workspace <= free, 1, 0)
        # where the whole clip fits nearly, tiles are what is needed
        spare = maximum(phase.activations + phase.workspace - other.activations - other.workspace, 0)
        both = (replace(_happening(phase, fits), spare=spare * fits), _happening(other, 1 - fits))
        phases += [each for each in both if is_array(each.calls) or each.calls]
    return replace(ledger, phases=tuple(phases))


def _happening(phase: Phase, share: Number) -> Phase:
    """A phase that happens, or does not: 1 or 0 times, elementwise."""
    return replace(
        phase,
        calls=phase.calls * share,
        turns=phase.turns * share,
        happens=share,
        live={name: nbytes * share for name, nbytes in phase.live.items()},
        workspace=phase.workspace * share,
    )


def joined(ledger: Ledger, plan: Plan, hardware: Hardware) -> Ledger:
    """Videos decoded one by one wait for the last and are joined to a batch, from a list (torch.cat)."""
    if plan.vae_slicing == "off":
        return ledger

    def waiting(phase: Phase) -> Phase:
        video = decoded(ledger, plan)
        # torch.cat: the list of decoded videos and the batch made of them; a single one is not copied
        both = 2 * ledger.batch * video * minimum(ledger.batch - 1, 1)
        # while the last is decoded all others wait
        most = maximum(phase.activations + video * (ledger.batch - 1), both)
        earlier = phase.live.get("videos", 0)  # pictures of earlier windows
        return replace(phase, live={**phase.live, "videos": earlier + most - phase.activations})

    return rewrite(ledger, DECODER, waiting)


def decoded(ledger: Ledger, plan: Plan) -> Number:
    """Bytes of one decoded video in the VAE's format [byte]."""
    # [colours, frames, height, width] x bytes of a value
    return ledger.pixels * ELEMENT_BYTES[precision(plan.vae_precision).compute]
