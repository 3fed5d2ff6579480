"""Which degrees and words of a training plan do not go together."""

import pytest

from vidcalc.base.errors import InputError

WAN = "wan2.1-t2v-1.3b"


@pytest.mark.parametrize(
    ("plan", "flag"),
    [
        ({"ulysses_degree": 5}, "parallel"),  # 12 heads
        ({"ulysses_degree": 4, "tensor_degree": 6}, "parallel"),
        ({"pipeline_degree": 4}, "parallel"),  # 30 layers
        ({"shard_degree": 3, "sharding": "zero3", "data_degree": 8}, "parallel"),
        ({"pipeline_degree": 2, "sharding": "zero3"}, "sharding"),
        ({"recipe": "fp12"}, "recipe"),
        ({"optimizer": "adamv"}, "optimizer"),
        ({"checkpointing": "some"}, "checkpointing"),
    ],
)
def test_what_does_not_go_together_is_refused(run, plan, flag):
    with pytest.raises(InputError) as refused:
        run(WAN, **plan)
    assert refused.value.flag == flag
