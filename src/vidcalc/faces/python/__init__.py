"""The Python face: calls that take names and numbers, results that know their fields, pages and pictures.

ask.py       the calls: estimate, train, plan, scale, budget, explain, models, gpus
settings.py  their keywords, as types
read.py      from keywords to what the flags of the command line read: no rule is written here a second time
answers.py   what comes back: the report structures with a repr, a page, HTML and pictures
errors.py    refusals as exceptions with the same sentence
"""
