"""What a calculation is asked: the four nouns together, in the order in which everything takes them."""

from typing import NamedTuple

from vidcalc.describe.data import Data
from vidcalc.describe.hardware import Hardware
from vidcalc.describe.model import Model
from vidcalc.describe.plan import Plan
from vidcalc.describe.workload import Workload


class Question(NamedTuple):
    """A job to generate."""

    model: Model
    workload: Workload
    hardware: Hardware
    plan: Plan


class Run(NamedTuple):
    """A model to train."""

    model: Model
    data: Data
    hardware: Hardware
    plan: Plan
