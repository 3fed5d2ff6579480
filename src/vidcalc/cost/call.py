"""Seconds of one call of a network while a video is generated: a rank's work, and what it waits for beyond that.

transfer       weights from host memory
communication  the other ranks of a denoiser call
launch         kernels that the host has yet to start, beyond the work and the copies that run beside it. Not beyond
               a copy that nothing hides, which halts the host as well, nor beyond exchanges: each waits for the
               slowest host, and is started by one (runs of small clips under tensor parallelism are slower still)
"""

from typing import Any

from vidcalc.cost.communication import told
from vidcalc.cost.execution import execution
from vidcalc.cost.memory import Network
from vidcalc.cost.time import Seconds, by_kind, total, waiting
from vidcalc.cost.transfer import transfer
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.plan import Plan
from vidcalc.ledger.unroll import Job, Phase
from vidcalc.passes import chain


def spent(job: Job, phase: Phase, network: Network, hardware: Hardware, plan: Plan, steps: Any) -> dict[str, Seconds]:
    """Seconds of one call by kind of op, and by what is waited for."""
    found = alone(phase, network, hardware, plan)
    if phase.id == "denoise":
        found["communication"] = told(job, phase, network.weights, found, hardware, plan, steps)
    return found


def alone(phase: Phase, network: Network, hardware: Hardware, plan: Plan) -> dict[str, Seconds]:
    """The same without what a rank waits for the others."""
    chip, run, ops = hardware.accelerator, execution(plan, network.precision), chain.of_a_rank(phase, plan)
    found = by_kind(ops, chip, plan.attention, run=run)
    travel, work = transfer(network.weights, chip, plan, network.role), total(found)
    found["transfer"] = travel.waiting(work)
    meanwhile = work + found["transfer"] if travel.hidden else work
    found["launch"] = waiting(ops, chip, meanwhile, run)
    return found
