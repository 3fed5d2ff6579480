"""Predictions against published measurements: `vidcalc validate FILE.csv`.

table     reads the rows
sources   what a source is, how much of it was in view, which rows are not to be trusted
text      free text -> words, by the patterns of data/validation/
engine    which program ran;  placement  what it offloads;  sharing  how cards share the work
mapping   a row -> model, workload, hardware, plan, or the id of what is missing
counters  what a measurement counted: allocated, reserved or device bytes
asked     equal questions of a table, asked once
bands     how far measurements lie off such predictions
run       rows -> predictions beside measurements
balanced  errors with every family weighing the same, and how often the band held
official  the official Wan 2.2 points, also without what was fitted on their GPU
network_* the same for measurements of single networks, which need no reading
summary   errors by what was in view, family, GPU, program, counter and scope
"""
