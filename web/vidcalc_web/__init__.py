"""The built page of vidcalc: files in `static/`, for `vidcalc serve` and any other file host."""
