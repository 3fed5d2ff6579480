"""Proofs that a polynomial is never below zero, whatever the sizes of its domain.

Figures first: one place where it is negative ends the question. Then every variable is written as its least value and
what lies beyond; where no coefficient is left negative, neither is the sum. What is no polynomial is bounded by what it
is made of: a quotient lies within one of its exact value, a maximum is one of its parts, a condition is 0 or 1.
A proof that is not found costs a number more in a table, never a wrong one.
"""

from fractions import Fraction
from math import comb

from vidcalc.base.symbolic import Formula
from vidcalc.tape.tables.domain import Atom, Domain, Monomial, exact
from vidcalc.tape.tables.polynomial import Polynomial, made

MOST_CASES = 4  # parts of a maximum that are tried one by one
STEPS = 24


def nonnegative(polynomial: Formula) -> bool:
    """Whether it is proven that the number is never below zero."""
    if not isinstance(polynomial, Polynomial):
        return bool(polynomial >= 0)
    if polynomial.never_below is None:
        polynomial.never_below = False  # while the proof runs
        polynomial.never_below = never_below(polynomial)
    return polynomial.never_below


def never_below(polynomial: Polynomial) -> bool:
    """Whether a proof is found."""
    domain, terms = polynomial.domain, polynomial.terms
    domain.prove(len(terms))
    atoms = {index for monomial in terms for index, _ in monomial}
    if any(domain.atoms[index].floor is None or domain.atoms[index].floor < 0 for index in atoms):
        return False
    if all(c >= 0 for c in terms.values()):
        return True
    if min(polynomial.points) < 0:
        return False
    bounded: Formula = polynomial
    for _ in range(STEPS):
        if not isinstance(bounded, Polynomial):
            return bool(bounded >= 0)
        found = _opaque(domain, bounded)
        if found is None:
            return all(c >= 0 for c in beyond(domain, bounded.terms).values())
        index = found
        atom = domain.atoms[index]
        if atom.kind in ("most", "least", "positive", "zero"):
            parts = (0, 1) if atom.binary else atom.args
            return len(parts) <= MOST_CASES and all(nonnegative(replaced(bounded, index, part)) for part in parts)
        bounded = _bounded(bounded, atom)
        if bounded is None:
            return False
    return False


def _opaque(domain: Domain, polynomial: Polynomial) -> int | None:
    """The newest atom in it that is made of others and can be bounded."""
    kinds = ("up", "down", "most", "least", "positive", "zero")
    found = [index for m in polynomial.terms for index, _ in m if domain.atoms[index].kind in kinds]
    return max(found, default=None)


def replaced(polynomial: Polynomial, index: int, part: Formula) -> Formula:
    """The polynomial with something else in the place of an atom."""
    total: Formula = 0
    domain = polynomial.domain
    for monomial, c in polynomial.terms.items():
        power = dict(monomial).get(index, 0)
        rest = tuple(each for each in monomial if each[0] != index)
        term = made(domain, {rest: c}, False)
        total = total + (term * part**power if power else term)
    return total


def _bounded(polynomial: Polynomial, atom: Atom) -> Formula:
    """Something that is never above the polynomial, without a rounded quotient; None where there is none."""
    domain, (above, by) = polynomial.domain, atom.args
    # a / b <= up <= (a + b - 1) / b, and (a - b + 1) / b <= down <= a / b
    low, high = (above, above + (by - 1)) if atom.kind == "up" else (above - (by - 1), above)
    total: Formula = 0
    for monomial, c in polynomial.terms.items():
        power = dict(monomial).get(atom.index, 0)
        if power > 1:
            return None
        rest = tuple(each for each in monomial if each[0] != atom.index)
        term = made(domain, {rest: c}, False)
        total = total + (term * ((low if c > 0 else high) / by) if power else term)
    return total


def beyond(domain: Domain, terms: dict[Monomial, Formula]) -> dict[Monomial, Formula]:
    """The terms with every atom as its least value and what lies beyond."""
    shifted: dict[Monomial, Formula] = {}
    for monomial, c in terms.items():
        parts: dict[Monomial, Formula] = {(): c}
        for index, power in monomial:
            floor = domain.atoms[index].floor
            further: dict[Monomial, Formula] = {}
            for rest, d in parts.items():
                for i in range(power + 1):
                    factor = comb(power, i) * floor ** (power - i)
                    if factor:
                        key = (*rest, (index, i)) if i else rest
                        further[key] = further.get(key, 0) + d * factor
            parts = further
        domain.prove(len(parts))
        for rest, d in parts.items():
            shifted[rest] = shifted.get(rest, 0) + exact(Fraction(d))
    return shifted
