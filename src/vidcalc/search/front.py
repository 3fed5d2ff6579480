"""Which of many plans nobody beats in two things at once (the Pareto front), and which come first in one."""

from typing import Any


def front(first: Any, second: Any) -> Any:
    """Indices of the pairs that no other pair beats in one number without losing in the other; smaller is better.

    first, second  float64 arrays. In rising order of `first`; of equal pairs the one that stands first.
    """
    import numpy as np

    order = np.lexsort((np.arange(len(first)), second, first))
    so_far = np.minimum.accumulate(second[order])
    below = np.concatenate(([True], second[order][1:] < so_far[:-1])) if len(order) else np.zeros(0, dtype=bool)
    return order[below]


def best(first: Any, second: Any, most: int) -> Any:
    """Indices of the `most` smallest by `first`, ties by `second`, then by place."""
    import numpy as np

    if len(first) > 4 * most:  # a rough cut before the sort
        limit = np.partition(first, most - 1)[most - 1]
        near = np.flatnonzero(first <= limit)
        return near[np.lexsort((near, second[near], first[near]))][:most]
    return np.lexsort((np.arange(len(first)), second, first))[:most]
