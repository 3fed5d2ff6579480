"""Quotients of polynomials: exact where they divide, else rounded, as an atom of their own.

A side that a network halves is told apart by its remainder instead, so that its half is exact again.
"""

import math
from fractions import Fraction

from vidcalc.base.symbolic import Formula
from vidcalc.tape.tables.domain import MOST_STEP, Domain, Finer, Monomial, exact
from vidcalc.tape.tables.polynomial import Polynomial, interned, made, opaque
from vidcalc.tape.tables.proof import nonnegative

LIMIT = 1 << 28  # a number so large that it is what a kernel takes at a time
HALVES = (2, 4, 8, 16)  # divisors by which networks halve sides


def rounded(polynomial: Polynomial, divisor: Formula, *, up: bool = False, finer: bool = True) -> Formula:
    """The polynomial over a plain number, rounded down or up to a whole one.

    finer  whether a size may be told apart by its remainder for it
    """
    if up:
        return rounded(polynomial * -1, divisor, finer=finer) * -1
    domain = polynomial.domain
    scale = math.lcm(*(Fraction(c).denominator for c in (divisor, *polynomial.terms.values())))
    by = int(divisor * scale)
    head: dict[Monomial, Formula] = {}
    rest: dict[Monomial, int] = {}
    for monomial, c in polynomial.terms.items():
        whole = int(c * scale)
        if not domain.whole(monomial):
            rest[monomial] = whole
        elif whole % by == 0:
            head[monomial] = whole // by
        elif not monomial:
            head[monomial], rest[monomial] = whole // by, whole % by
        else:
            rest[monomial] = whole
    head = {monomial: c for monomial, c in head.items() if c}
    beside = rest.pop((), 0)
    if not rest:
        return made(domain, head, polynomial.real)
    shared = math.gcd(by, *rest.values())
    if all(domain.whole(monomial) for monomial in rest):
        # (g x + r) // (g d) is (x + r // g) // d
        by, beside = by // shared, beside // shared
        rest = {monomial: c // shared for monomial, c in rest.items()}
    if by == 1 and all(domain.whole(monomial) for monomial in rest):
        terms = dict(rest)
        for monomial, c in (*head.items(), ((), beside)):
            terms[monomial] = terms.get(monomial, 0) + c
        return made(domain, {monomial: c for monomial, c in terms.items() if c}, polynomial.real)
    if finer:
        _finer(domain, rest, by)
    return made(domain, head, polynomial.real) + _quotient(domain, rest, beside, by, polynomial.real)


def _finer(domain: Domain, rest: dict[Monomial, int], by: int) -> None:
    """Begin anew where a variable alone is in the way of an exact quotient. Raises Finer."""
    if len(rest) != 1 or by not in HALVES:
        return
    (monomial,) = rest
    if len(monomial) == 1 and monomial[0][1] == 1:
        atom = domain.atoms[monomial[0][0]]
        if atom.kind == "variable" and domain.axes[atom.name].step * by <= MOST_STEP:
            raise Finer(atom.name, by)


def _quotient(domain: Domain, rest: dict[Monomial, int], beside: int, by: int, real: bool) -> Formula:
    """What is left of a quotient as an atom, rounded up where it is negative: -(-a // b)."""
    negative = all(c < 0 for c in rest.values())
    sign = -1 if negative else 1
    terms = {monomial: sign * c for monomial, c in rest.items()}
    if beside:
        terms[()] = sign * beside
    above = interned(domain, terms, False)
    floor = 0 if nonnegative(above) else None
    if negative:
        part = opaque(domain, "up", (above, by), floor, True, lambda a, b: -(-a // b)) * -1
    else:
        part = opaque(domain, "down", (above, by), floor, True, lambda a, b: a // b)
        if domain.assumes and by >= LIMIT:
            part = assumed(part)
    return part * 1.0 if real else part


def assumed(part: Polynomial) -> Formula:
    """A number that says how work is cut where it is too large for a kernel: as it is at the sizes asked for.

    The table stands for no others.
    """
    number = part.points[-1]
    part.domain.guards.append(part - number)
    return number


def divided(a: Polynomial, b: Polynomial) -> dict[Monomial, Formula] | None:
    """The terms of a / b where that is a polynomial; None where it is not."""
    domain, left, quotient = a.domain, dict(a.terms), {}
    lead = max(b.terms)
    c = b.terms[lead]
    while left:
        top = max(left)
        powers = dict(top)
        for index, power in lead:
            rest = powers.get(index, 0) - power
            if rest < 0 or domain.atoms[index].binary:
                return None
            powers[index] = rest
        monomial = tuple((index, power) for index, power in sorted(powers.items()) if power)
        factor = exact(Fraction(left[top]) / Fraction(c))
        quotient[monomial] = factor
        for other, d in b.terms.items():
            product = domain.times(monomial, other)
            total = left.get(product, 0) - factor * d
            if total:
                left[product] = exact(total)
            else:
                left.pop(product, None)
        if len(quotient) > len(a.terms):
            return None
    return quotient
