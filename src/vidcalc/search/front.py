"""Which of many plans nobody beats in several things at once (the Pareto front), and which come first in one."""

from vidcalc.base.number import Column, Places


def front(*columns: Column) -> Places:
    """Indices of the points that no other beats in one number without losing in another; smaller is better.

    columns  float64 arrays, two or more. In rising order of the first, then of the next; of equal points the one that
             stands first.
    """
    import numpy as np

    order: Places = np.lexsort(columns[::-1])  # stable: of equal points the order is their own
    if len(order) < 2:
        return order
    if len(columns) > 2:
        return order[_surviving(np.stack([column[order] for column in columns], axis=1))]
    second = columns[1][order]
    so_far = np.minimum.accumulate(second)
    # in rising order of the first number, what nobody beats is each new least of the second
    return order[np.concatenate(([True], second[1:] < so_far[:-1]))]


def _surviving(ordered: Column) -> Places:
    """Of points [point, number] sorted by all numbers, which none before them beats or equals."""
    import numpy as np

    left: Places = np.arange(len(ordered))
    found = []
    while len(left):
        first = left[0]  # nothing that is left beats the first of an order
        found.append(first)
        left = left[~(ordered[first] <= ordered[left]).all(axis=1)]
    return np.asarray(found)


def best(first: Column, second: Column | Places, most: int) -> Places:
    """Indices of the `most` smallest by `first`, ties by `second`, then by place; numbers not known (NaN) come last."""
    import numpy as np

    limit = np.partition(first, most - 1)[most - 1] if len(first) > 4 * most else np.nan
    if limit == limit:  # a rough cut before the sort
        near = np.flatnonzero(first <= limit)
        places: Places = near[np.lexsort((near, second[near], first[near]))]
    else:
        places = np.lexsort((np.arange(len(first)), second, first))
    return places[:most]
