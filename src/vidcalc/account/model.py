"""Who works on what: the parts of a report on the model's weights and on the hardware."""

from vidcalc.account.summary import architecture
from vidcalc.base.guest import named
from vidcalc.base.number import Number
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.ledger.types import Ledger
from vidcalc.ledger.weights import parameters
from vidcalc.report.estimate import ComponentRow, HardwarePart, ModelPart
from vidcalc.tape.trace import configuration, network


def denoiser_params(ledger: Ledger) -> Number:
    """Weight elements of one copy of the denoiser."""
    return parameters(ledger.forward.component, (ledger.forward.taped,))


def active(ledger: Ledger, params: Number) -> Number:
    """Weight elements that one token passes: without those of the experts that it does not go to."""
    component = ledger.forward.component
    idle = getattr(network(component), "idle", None)
    return params if idle is None else named("params_active", params - idle(configuration(component)))


def model_part(model: Model, ledger: Ledger) -> ModelPart:
    """Name, weights and main sizes; every network of the pipeline with its weights, all copies together."""
    params = denoiser_params(ledger)
    return ModelPart(
        name=model.name,
        title=model.title,
        params=params,
        params_total=model.denoiser.every(params),
        params_active=active(ledger, params),
        provenance=model.provenance,
        components=[
            ComponentRow(
                id=name,
                role=network.role,
                params=network.component.every(network.params),
                bytes=network.weights.total,
                precision=network.precision,
            )
            for name, network in ledger.weights.items()
        ],
        architecture=architecture(ledger.forward.component),
    )


def hardware_part(hardware: Hardware) -> HardwarePart:
    """The accelerator and how many."""
    chip = hardware.accelerator
    return HardwarePart(
        accelerator=chip.id,
        name=chip.name,
        count=hardware.total,
        capacity=chip.reported,
        nodes=hardware.nodes,
        link=hardware.link.id if hardware.link else "",
        network=hardware.network.id if hardware.network else "",
    )
