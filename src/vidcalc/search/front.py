"""Which of many plans nobody beats in two things at once (the Pareto front), and which come first in one."""

from vidcalc.base.number import Column, Places


def front(first: Column, second: Column) -> Places:
    """Indices of the pairs that no other pair beats in one number without losing in the other; smaller is better.

    first, second  float64 arrays. In rising order of `first`; of equal pairs the one that stands first.
    """
    import numpy as np

    order = np.lexsort((np.arange(len(first)), second, first))
    so_far = np.minimum.accumulate(second[order])
    # in rising order of the first number, what nobody beats is each new least of the second
    below = np.concatenate(([True], second[order][1:] < so_far[:-1])) if len(order) else np.zeros(0, dtype=bool)
    kept: Places = order[below]
    return kept


def best(first: Column, second: Column, most: int) -> Places:
    """Indices of the `most` smallest by `first`, ties by `second`, then by place."""
    import numpy as np

    if len(first) > 4 * most:  # a rough cut before the sort
        limit = np.partition(first, most - 1)[most - 1]
        near = np.flatnonzero(first <= limit)
        places: Places = near[np.lexsort((near, second[near], first[near]))]
    else:
        places = np.lexsort((np.arange(len(first)), second, first))
    return places[:most]
