"""`importlib` of a light run: modules of vidcalc by name, from the light copy."""

import sys


def import_module(name):
    """The module of that name itself."""
    __import__(name)
    return WORLD.modules.get(name) or sys.modules[name]
