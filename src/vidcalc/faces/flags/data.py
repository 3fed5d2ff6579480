"""The flags of what a training run sees: clips of a data set, or a number of steps."""

from vidcalc.describe.setting import RUN, TRAIN
from vidcalc.faces.flags.inputs import Whole
from vidcalc.faces.flags.spec import Spec, Specs
from vidcalc.faces.words import N_

MANY = 10**9

DATA: Specs = {
    "clips": Spec(("--clips",), Whole(1, 10**12), N_("N"), "", N_("Clips of the data set."), RUN),
    "clip_seconds": Spec(
        ("--clip-seconds",),
        Whole(1, 10**6),
        N_("SECONDS"),
        N_("one sample per clip"),
        N_("Length of a clip: as many samples as its seconds hold."),
        RUN,
    ),
    "epochs": Spec(("--epochs",), Whole(1, 10**6), N_("N"), "1", N_("Times that every clip is seen."), RUN),
    "train_steps": Spec(
        ("--train-steps",), Whole(1, MANY), N_("N"), "1,000", N_("Optimizer steps of the training run."), TRAIN
    ),
}
