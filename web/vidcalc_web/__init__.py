"""The built page of vidcalc: `static/` for `vidcalc serve`; Python for browsers beside it, for `vidcalc site`."""
