"""What stands in for libraries and large modules of Python's own in a light run: no more than vidcalc asks of them."""
