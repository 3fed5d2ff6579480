"""From priced rows to a report: its parts, totals of a run, what was assumed, the documented formulas."""
