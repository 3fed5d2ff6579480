"""`contextlib` of a light run: `contextmanager`."""


class Managed:
    """A generator as a context: up to its yield on the way in, the rest on the way out."""

    def __init__(self, steps):
        self.steps = steps

    def __enter__(self):
        return next(self.steps)

    def __exit__(self, kind, error, trace):
        if kind is None:
            next(self.steps, None)
            return False
        try:
            self.steps.throw(error)
        except StopIteration:
            return True
        except BaseException as raised:
            if raised is error:
                return False
            raise
        raise RuntimeError("the generator did not stop")


def contextmanager(function):
    """A function that yields once, as a context."""
    return lambda *args, **named: Managed(function(*args, **named))
