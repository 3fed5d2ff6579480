"""From one round of a repeated section, walked backward, to all of them, whatever checkpointing makes of each.

The tape holds a section once and walks it once, as if everything had been kept. What a block costs that runs again
follows from the same walk: before the first op that asks for something saved, nothing of the round is there but what
it handed on; then the round runs forward once more; from there on all is as if it had been kept, beside the input.
"""

from typing import Any

import msgspec

from vidcalc.arithmetic import largest, maximum, minimum, where
from vidcalc.describe.checkpointing import Checkpointing
from vidcalc.tape.records import Section

IN_FLIGHT = 2  # inputs on the device at a time where the others wait in host memory: one in use, one on its way


class Round(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Heights of one round's walk above its start, everything kept [byte].

    before  the most until the first op that asks for something saved
    split   alive right there
    after   the most from there on
    grown   weight gradients that the round adds (0 where these are left out of the count)
    shared  gradients of what all rounds read, which the first round to be walked makes and the others add to
    """

    before: Any
    split: Any
    after: Any
    grown: Any
    shared: Any

    @property
    def top(self) -> Any:
        """The most of the whole walk."""
        return maximum(self.before, self.after)

    def later(self, change: Any, further: Any) -> Any:
        """How much higher than the first the highest of `further` rounds after it starts, each `change` above the
        last; 0 of none.
        """
        return minimum(further, 1) * self.shared + maximum(minimum(further, 1) * change, further * change)


def left_out(section: Section, how: Checkpointing) -> Any:
    """Bytes that the section's blocks do not leave behind after the forward pass, of all that backward needs."""
    whole, rest, last = _pieces(section, how)
    return whole * _gone(section, how.segment) + last * _gone(section, rest) + in_host(section, how)


def in_host(section: Section, how: Checkpointing) -> Any:
    """Bytes of the blocks' inputs that wait in host memory."""
    return section.times * section.handed * how.offloaded


def rounds(one: Round, section: Section, how: Checkpointing) -> tuple[Any, Any]:
    """(the most above the start of all rounds' walk, how much is alive more at its end)."""
    whole, rest, last = _pieces(section, how)
    kept = section.times - whole * how.segment - rest
    kept_change, change = one.grown - section.growth, _change(one, section, how, how.segment)
    rest_change = last * _change(one, section, how, rest)
    end = kept * kept_change + whole * change + rest_change
    if not how.uniform:
        return _in_turn(one, section, how), end
    of_kept = one.top + maximum(one.later(kept_change, kept - 1), 0)
    of_whole = rest_change + last * one.shared + _again(one, section, how, how.segment)
    of_whole = of_whole + maximum(one.later(change, whole - 1), 0)
    of_rest = _again(one, section, how, rest)
    of_whole = of_whole + minimum(whole, IN_FLIGHT) * section.handed * how.offloaded
    return largest((where(kept > 0, of_kept, 0), where(whole > 0, of_whole, 0), where(last > 0, of_rest, 0))), end


def _in_turn(one: Round, section: Section, how: Checkpointing) -> Any:
    """The most above the start where some blocks are checkpointed and some are not: one after the other."""
    kept_change, change = one.grown - section.growth, _change(one, section, how, 1)
    of_kept, of_again = one.top, _again(one, section, how, 1)
    all_again, top = how.among(section.before + section.times), 0
    for index in range(int(largest_of(section.times))):
        later = all_again - how.among(section.before + index + 1)
        chosen = how.among(section.before + index + 1) - how.among(section.before + index)
        walked = section.times - 1 - index
        start = later * change + (walked - later) * kept_change + minimum(walked, 1) * one.shared
        height = start + where(chosen > 0, of_again, of_kept)
        top = maximum(top, where(section.times > index, height, 0))
    return top


def largest_of(value: Any) -> Any:
    """The largest entry of an array, or the number itself."""
    return value.max() if hasattr(value, "max") else value


def _pieces(section: Section, how: Checkpointing) -> tuple[Any, Any, Any]:
    """(whole segments that run again, blocks in the shorter one at the end, 1 where there is such a one)."""
    chosen = how.among(section.before + section.times) - how.among(section.before)
    rest = chosen % how.segment
    return chosen // how.segment, rest, minimum(rest, 1)


def _gone(section: Section, size: Any) -> Any:
    """What a segment of `size` blocks does not leave behind."""
    return size * section.growth - section.handed - section.cached


def _change(one: Round, section: Section, how: Checkpointing, size: Any) -> Any:
    """How much is alive more after the walk of a segment that was not there than before."""
    return size * one.grown - section.handed * (not how.offloaded) - section.cached


def _again(one: Round, section: Section, how: Checkpointing, size: Any) -> Any:
    """The most above the start of a segment that runs forward once more before its walk."""
    forward = section.peak_again if how.kept else section.peak
    there = _gone(section, size) + section.consumed  # all that was kept, and the segment's input
    change = one.grown - section.growth
    inner = there + one.top + one.later(change, size - 1)
    return largest(
        (
            one.before,
            one.split + (size - 1) * section.growth + forward,
            there + one.after,
            where(size > 1, inner, 0),
        )
    )
