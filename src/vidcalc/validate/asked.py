"""Equal questions of a table are asked once: what a job holds and takes, kept by what was asked."""

from functools import lru_cache

import msgspec

from vidcalc.account.time import inference_time
from vidcalc.cost import memory
from vidcalc.cost.memory import Stage
from vidcalc.describe.question import Question
from vidcalc.passes import generation, guidance, legal
from vidcalc.report.estimate import InferenceTime


class Asked:
    """A question that is equal to another by its model, workload, machine and plan."""

    def __init__(self, question: Question) -> None:
        model, workload, machine, plan = question
        self.question = question
        self.key = msgspec.json.encode((model.name, workload, machine.accelerator.id, machine.count, plan))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and other.key == self.key


class Answer(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bytes of every stage, the allocator that holds them, and seconds."""

    stages: list[Stage]
    allocator: str
    time: InferenceTime


def answer(question: Question) -> Answer:
    """What a job holds and takes. Raises InputError where its plan does not go with its model."""
    return _answer(Asked(question))


@lru_cache(maxsize=1024)
def _answer(asked: Asked) -> Answer:
    question = asked.question
    legal.checked(question.model, question.plan, guidance.possible(question.plan))
    ledger, first = generation(*question)
    return Answer(
        stages=memory.stages(ledger),
        allocator=ledger.further.allocator,
        time=inference_time(ledger, first, question.hardware),
    )
