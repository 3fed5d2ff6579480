"""The built page of vidcalc in `static/`, for `vidcalc serve`; Python for browsers in `pyodide/` and `wheels/`, for `vidcalc site`."""
