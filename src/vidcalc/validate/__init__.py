"""Predictions against published measurements: `vidcalc validate FILE.csv`.

table    reads the rows
text     free text -> words, by the patterns of data/validation/
mapping  a row -> model, workload, hardware, plan, or the id of what is missing
counters what a measurement counted: allocated, reserved or device bytes
run      rows -> predictions beside measurements
summary  errors by family, GPU, framework and counter
"""
