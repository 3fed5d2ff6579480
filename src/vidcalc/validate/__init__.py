"""Predictions against published measurements: `vidcalc validate FILE.csv`.

table    reads the rows
text     free text -> words, by the patterns of data/validation/
mapping  a row -> model, workload, hardware, plan, or the id of what is missing
counters what a measurement counted: allocated, reserved or device bytes
run      rows -> predictions beside measurements
balanced errors with every family weighing the same, and how often the band held
official the official Wan 2.2 points, also without what was fitted on their GPU
network_* the same for measurements of single networks, which need no reading
summary  errors by family, GPU, framework and counter
"""
