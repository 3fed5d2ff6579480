"""A number that varies from row to row, as a formula: it stands where a calculation expects an array of NumPy.

Its arithmetic, comparisons and the functions of NumPy that are applied to it make further formulas
(`vidcalc.search.sweeps.algebra`). Like an array it has no truth of its own.
"""

from collections.abc import Callable

from vidcalc.base.symbolic import Deferred
from vidcalc.search.sweeps import choices
from vidcalc.search.sweeps.algebra import ONE, WIDEST, Algebra, Bounds, Terms, Value

LARGEST_POWER = 4


class Form(Deferred):
    """A formula. `terms` are of its algebra; no value is outside of `bounds`; `whole`: all are whole numbers.

    over  a whole number and a form of which it is the quotient, where it was made so: its ceiling is to be exact
    """

    __slots__ = ("algebra", "bounds", "over", "terms", "whole")
    shape = (2,)  # as many as an array that nobody takes for a single number
    ndim = 1

    def __init__(self, algebra: Algebra, terms: Terms, bounds: Bounds, whole: bool) -> None:
        self.algebra, self.terms, self.bounds, self.whole = algebra, terms, bounds, whole
        self.over: tuple[Value, Value] | None = None

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise ValueError("a formula has no truth")

    def __array_ufunc__(self, function: Value, method: str, *inputs: Value, **named: Value) -> Value:
        made = UFUNCS.get(function.__name__)
        if method != "__call__" or named or made is None:
            raise NotImplementedError(f"{function.__name__} of a formula")
        return made(*map(plain, inputs))

    def __array_function__(self, function: Value, types: Value, args: Value, named: Value) -> Value:
        if function.__name__ != "where" or named:
            raise NotImplementedError(f"{function.__name__} of a formula")
        return choices.where(*map(plain, args))

    # --- arithmetic ---------------------------------------------------------------------------------------

    def __add__(self, other: Value) -> Value:
        return add(self, plain(other))

    __radd__ = __add__

    def __sub__(self, other: Value) -> Value:
        return add(self, scaled(plain(other), -1.0))

    def __rsub__(self, other: Value) -> Value:
        return add(plain(other), scaled(self, -1.0))

    def __mul__(self, other: Value) -> Value:
        return multiply(self, plain(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Value) -> Value:
        return divide(self, plain(other))

    def __rtruediv__(self, other: Value) -> Value:
        return divide(plain(other), self)

    def __floordiv__(self, other: Value) -> Value:
        return choices.floor_divide(self, plain(other))

    def __rfloordiv__(self, other: Value) -> Value:
        return choices.floor_divide(plain(other), self)

    def __mod__(self, other: Value) -> Value:
        return add(self, scaled(multiply(choices.floor_divide(self, plain(other)), plain(other)), -1.0))

    def __rmod__(self, other: Value) -> Value:
        return add(plain(other), scaled(multiply(choices.floor_divide(plain(other), self), self), -1.0))

    def __pow__(self, other: Value) -> Value:
        return raised(self, plain(other))

    def __rpow__(self, other: Value) -> Value:
        return choices.opaque("power", plain(other), self)

    def __neg__(self) -> Value:
        return scaled(self, -1.0)

    def __pos__(self) -> "Form":
        return self

    def __abs__(self) -> Value:
        return choices.maximum(self, scaled(self, -1.0))

    # --- comparisons --------------------------------------------------------------------------------------

    def __lt__(self, other: Value) -> Value:
        return choices.below(add(self, scaled(plain(other), -1.0)), "<")

    def __le__(self, other: Value) -> Value:
        return choices.below(add(self, scaled(plain(other), -1.0)), "<=")

    def __gt__(self, other: Value) -> Value:
        return choices.below(add(plain(other), scaled(self, -1.0)), "<")

    def __ge__(self, other: Value) -> Value:
        return choices.below(add(plain(other), scaled(self, -1.0)), "<=")

    def __eq__(self, other: object) -> Value:
        if not isinstance(other, Form | int | float):
            return NotImplemented
        return choices.below(add(self, scaled(plain(other), -1.0)), "==")

    def __ne__(self, other: object) -> Value:
        if not isinstance(other, Form | int | float):
            return NotImplemented
        return choices.negated(choices.below(add(self, scaled(plain(other), -1.0)), "=="))

    def __and__(self, other: Value) -> Value:
        return choices.both(self, plain(other))

    __rand__ = __and__

    def __or__(self, other: Value) -> Value:
        return choices.negated(choices.both(choices.negated(self), choices.negated(plain(other))))

    __ror__ = __or__

    def __invert__(self) -> Value:
        return choices.negated(self)

    def of_each(self, rule: Callable[..., float], *numbers: Value) -> Value:
        """A rule for plain numbers, asked of each row."""
        return choices.each(rule, *numbers)

    def all(self) -> bool:
        """Of a comparison that nothing decides: whether it holds in every row; nobody knows, so no."""
        return False


def plain(value: Value) -> Value:
    """A number of NumPy as one of Python."""
    return value.item() if hasattr(value, "item") else value


def add(one: Value, other: Value) -> Value:
    """one + other."""
    if not isinstance(one, Form):
        one, other = other, one
    if not isinstance(one, Form):
        return one + other
    if not isinstance(other, Form):
        if not other:
            return one
        terms = dict(one.terms)
        terms[ONE] = terms.get(ONE, 0.0) + other
    else:
        if len(one.terms) < len(other.terms):
            one, other = other, one
        terms = dict(one.terms)
        for mono, factor in other.terms.items():
            terms[mono] = terms.get(mono, 0.0) + factor
    return one.algebra.form({mono: factor for mono, factor in terms.items() if factor})


def scaled(form: Value, factor: float) -> Value:
    """form x factor."""
    if not isinstance(form, Form):
        return form * factor
    if factor == 1:
        return form
    if not factor:
        return 0.0
    factor = float(factor)
    return form.algebra.form({mono: each * factor for mono, each in form.terms.items()})


def multiply(one: Value, other: Value) -> Value:
    """one x other, multiplied out where that stays small."""
    if not isinstance(one, Form):
        return scaled(other, one)
    if not isinstance(other, Form):
        return scaled(one, other)
    algebra = one.algebra
    first, second = one.terms, other.terms
    if len(first) * len(second) > WIDEST:
        if len(second) >= len(first):
            second = {algebra.alone(other): 1.0}
        else:
            first = {algebra.alone(one): 1.0}
        if len(first) * len(second) > WIDEST:
            first = {algebra.alone(one): 1.0} if len(first) > 1 else first
            second = {algebra.alone(other): 1.0} if len(second) > 1 else second
        return algebra.form(algebra.multiplied(first, second))
    return algebra.form(algebra.spread(algebra.multiplied(first, second)))


def divide(one: Value, other: Value) -> Value:
    """one / other."""
    if not isinstance(other, Form):
        other = float(other)
        made = one.algebra.form({mono: factor / other for mono, factor in one.terms.items()})
        if isinstance(made, Form) and not made.whole and one.whole and other.is_integer() and made.over is None:
            made.over = one, other
        return made
    algebra = other.algebra
    if len(other.terms) == 1:
        ((mono, factor),) = other.terms.items()
        inverse = {tuple((at, -power) for at, power in mono): 1 / factor}
    else:
        inverse = {tuple((at, -power) for at, power in algebra.alone(other)): 1.0}
    terms = one.terms if isinstance(one, Form) else {ONE: float(one)} if one else {}
    made = algebra.form(algebra.spread(algebra.multiplied(terms, inverse)))
    if isinstance(made, Form) and not made.whole and made.over is None and other.whole and choices.is_whole(one):
        made.over = one, other
    return made


def raised(form: Form, power: Value) -> Value:
    """form to a power; small whole ones are products."""
    if not isinstance(power, Form) and power == int(power) and 0 <= power <= LARGEST_POWER:
        made: Value = 1.0
        for _ in range(int(power)):
            made = multiply(made, form)
        return made
    return choices.opaque("power", form, power)


UFUNCS: dict[str, Callable[..., Value]] = {
    "add": add,
    "subtract": lambda a, b: add(a, scaled(b, -1.0)),
    "multiply": multiply,
    "divide": divide,
    "floor_divide": choices.floor_divide,
    "remainder": lambda a, b: a % b,
    "negative": lambda a: scaled(a, -1.0),
    "power": lambda a, b: a**b,
    "maximum": choices.maximum,
    "minimum": choices.minimum,
    "ceil": choices.ceiling,
    "floor": choices.floor,
    "rint": lambda a: choices.opaque("rint", a),
    "log2": lambda a: choices.opaque("log2", a),
    "exp2": lambda a: choices.opaque("exp2", a),
    "sqrt": lambda a: choices.opaque("sqrt", a),
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
    "logical_not": choices.negated,
    "logical_and": choices.both,
    "bitwise_and": choices.both,
    "bitwise_or": lambda a, b: choices.negated(choices.both(choices.negated(a), choices.negated(b))),
    "invert": choices.negated,
}
