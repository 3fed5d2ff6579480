"""`types` of a light run: the few that vidcalc names."""

ModuleType, UnionType, NoneType = type(WORLD.library("sys")), type(int | str), type(None)
