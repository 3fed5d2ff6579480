"""`re` of a light run: patterns that are compiled when they are first asked, which most are not."""

IGNORECASE, MULTILINE, DOTALL = 2, 8, 16


class Pattern:
    """A pattern, compiled on first use."""

    def __init__(self, text, flags):
        self.text, self.flags = text, flags

    def __getattr__(self, name):
        made = WORLD.library("re").compile(self.text, self.flags)
        self.__dict__.update({each: getattr(made, each) for each in ("match", "fullmatch", "search", "sub", "split")})
        return getattr(made, name)


def compile(text, flags=0):
    """A pattern for later."""
    return Pattern(text, flags)


def __getattr__(name):
    return getattr(WORLD.library("re"), name)
