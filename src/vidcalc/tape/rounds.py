"""From one round of a repeated section, walked backward, to all of them, whatever checkpointing makes of each.

The tape holds a section once and walks it once, as if everything had been kept. What a block costs that runs again
follows from the same walk: before the first op that asks for something saved, nothing of the round is there but what
it handed on; then the round runs forward once more; from there on all is as if it had been kept, beside the input.
"""

import msgspec

from vidcalc.base.number import Number, largest, maximum, minimum, where
from vidcalc.describe.checkpointing import FULL, NONE, Checkpointing
from vidcalc.tape.records import Section

IN_FLIGHT = 2  # inputs on the device at a time where the others wait in host memory: one in use, one on its way


class Round(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Heights of one round's walk above its start, everything kept [byte].

    before  the most until the first op that asks for something saved
    split   alive right there
    after   the most from there on
    """

    before: Number
    split: Number
    after: Number

    @property
    def top(self) -> Number:
        """The most of the whole walk."""
        return maximum(self.before, self.after)


class Rounds(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the walk of one round says of all of a section.

    first  the round that is walked first: it makes the gradients of what all rounds read
    later  any other: these gradients are there from its start
    grown  weight gradients that a round adds (0 where these are left out of the count)
    """

    first: Round
    later: Round
    grown: Number


def left_out(section: Section, how: Checkpointing) -> Number:
    """Bytes that the section's blocks do not leave behind after the forward pass, of all that backward needs."""
    if _mixed(section, how):
        chosen, of = how.share
        # the share of the rounds that are checkpointed
        return left_out(section, FULL) * chosen // of
    whole, rest, last = _pieces(section, how)
    gone = whole * _gone(section, how.segment) + last * _gone(section, rest)
    return gone + section.times * _away(section, how)


def in_host(section: Section, how: Checkpointing) -> Number:
    """Bytes of the blocks' inputs, or of what attention keeps, that wait in host memory."""
    return section.times * (_away(section, how) + section.aside)


def rounds(walked: Rounds, section: Section, how: Checkpointing) -> tuple[Number, Number]:
    """(the most above the start of all rounds' walk, how much is alive more at its end)."""
    if _mixed(section, how):
        chosen, of = how.share
        (again, end_again), (kept, end_kept) = rounds(walked, section, FULL), rounds(walked, section, NONE)
        return maximum(again, kept), (end_again * chosen + end_kept * (of - chosen)) // of
    whole, rest, last = _pieces(section, how)
    kept = section.times - whole * how.segment - rest
    kept_change = walked.grown - section.growth
    change = _change(walked, section, how, how.segment)
    rest_change = last * _change(walked, section, how, rest)
    # kept blocks, whole segments, the shorter one at the end: each changes what is alive in its way
    end = kept * kept_change + whole * change + rest_change
    if not how.uniform:
        return _in_turn(walked, section, how), end
    of_kept = _row(walked.first.top, walked.later.top, kept_change, kept)
    of_rest = _again(walked.first, walked, section, how, rest)
    again = _again(walked.first, walked, section, how, how.segment)
    again_later = _again(walked.later, walked, section, how, how.segment)
    of_whole = rest_change + _row(where(last > 0, again_later, again), again_later, change, whole)
    of_whole = of_whole + minimum(whole, IN_FLIGHT) * _away(section, how)
    return largest((where(kept > 0, of_kept, 0), where(whole > 0, of_whole, 0), where(last > 0, of_rest, 0))), end


def _row(first: Number, later: Number, change: Number, count: Number) -> Number:
    """The most over `count` walks in a row, each starting `change` above the one before: at an end of the row."""
    return maximum(first, where(count > 1, later + maximum(change, change * (count - 1)), 0))


def _in_turn(walked: Rounds, section: Section, how: Checkpointing) -> Number:
    """The most above the start where some blocks are checkpointed and some are not: one after the other."""
    kept_change = walked.grown - section.growth
    change = _change(walked, section, how, 1)
    heights = {
        each: (one.top, _again(one, walked, section, how, 1))
        for each, one in (("first", walked.first), ("later", walked.later))
    }
    all_again = how.among(section.before + section.times)
    top: Number = 0
    for index in range(int(largest_of(section.times))):
        # of the rounds walked before this one, as backward begins with the last, those that run again
        later = all_again - how.among(section.before + index + 1)
        chosen = how.among(section.before + index + 1) - how.among(section.before + index)
        through = section.times - 1 - index
        # what they left or freed
        start = later * change + (through - later) * kept_change
        kept, again = (where(through > 0, *pair) for pair in zip(heights["later"], heights["first"], strict=True))
        top = maximum(top, where(through >= 0, start + where(chosen > 0, again, kept), 0))
    return top


def largest_of(value: Number) -> Number:
    """The largest entry of an array, or the number itself."""
    return value.max() if hasattr(value, "max") else value


def _mixed(section: Section, how: Checkpointing) -> bool:
    """Whether the one round taped stands for some that are checkpointed and some that are not: their average counts."""
    return bool(section.around) and not how.uniform


def _pieces(section: Section, how: Checkpointing) -> tuple[Number, Number, Number]:
    """(whole segments that run again, blocks in the shorter one at the end, 1 where there is such a one)."""
    chosen = how.among(section.before + section.times) - how.among(section.before)
    rest = chosen % how.segment
    return chosen // how.segment, rest, minimum(rest, 1)


def _gone(section: Section, size: Number) -> Number:
    """What a segment of `size` blocks does not leave behind."""
    # all that its blocks leave, less the one input that a segment keeps
    return size * section.growth - section.handed - section.cached


def _change(walked: Rounds, section: Section, how: Checkpointing, size: Number) -> Number:
    """How much is alive more after the walk of a segment that was not there than before."""
    # gradients come, the segment's input and its kept results go
    return size * walked.grown - (section.handed - _away(section, how)) - section.cached


def _away(section: Section, how: Checkpointing) -> Number:
    """What a block has in host memory: what the one before handed it; of a block on its own, what nobody else holds."""
    alone = minimum(section.consumed, section.handed)
    return where(section.times > 1, section.handed, alone) * how.offloaded


def _again(one: Round, walked: Rounds, section: Section, how: Checkpointing, size: Number) -> Number:
    """The most above the start of a segment that runs forward once more before its walk, which begins with `one`."""
    forward = section.peak_again if how.keeps else section.peak
    there = _gone(section, size) + section.consumed  # all that was kept, and the segment's input
    walk = _row(one.after, walked.later.top, walked.grown - section.growth, size)
    return largest((one.before, one.split + (size - 1) * section.growth + forward, there + walk))
