"""What training holds and takes: states and activations by rank, seconds of a step, data, runs, budgets.

`vidcalc.train` tells the whole story; each file here is one idea of it. All formulas take ints and float64 arrays.
"""
