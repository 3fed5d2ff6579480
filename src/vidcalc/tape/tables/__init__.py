"""A network recorded once, answered at any size: the compiled form of a tape.

A network's own function runs once on formulas (exact polynomials over batch, frames and sides), and what the tape
learned is written out as straight-line Python: a table. On whole numbers or float64 arrays it gives what the tape
gives, number for number. A proof that is not found costs one number more, never a wrong one; what cannot be recorded
stays with the tape.

Files: `domain` knows the sizes, `polynomial`, `quotient`, `most`, `choice` and `size` are the numbers that a tape runs
on, `proof` leaves out what never counts; `program` and `arithmetic` write formulas down and run them, `record` makes a
table and `table` asks it, `regimes` says which one, and when. A `column` is no table: sizes that went over the tape
together, and what that says of each.
"""

SIZES = ("batch", "frames", "height", "width")
"""Sizes of a call that a table takes as they come."""
ROOMS = ("base", "describe", "ops", "tape", "networks")
"""Rooms whose code a recording runs."""
