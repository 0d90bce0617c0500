"""Derive the coefficients of the explicit method of order 8(5,3), DOP853, from its conditions.

    python scripts/derive_dop853.py            write deeplinear/solve/_methods/_dop853.py
    python scripts/derive_dop853.py --check    derive again and compare

The construction is that of E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential
Equations I, 2nd edition (1993), section II.5 (the method) and II.10 (the error estimates). It has
12 stages, counted from 1, whose coefficients a_ij, weights b_i and nodes c_i are to fulfil

    sum_i b_i c_i^q = 1 / (q + 1)  for q < 8,  b_2 = ... = b_5 = 0,
    sum_j a_ij c_j^q = c_i^(q+1) / (q + 1)  for q < 1 (row 2), q < 3 (rows 3 to 5), q < 5 (later),
    a_i2 = 0  from row 4 on,  a_i3 = 0  from row 6 on,
    b A = v,  with v_i = b_i (1 - c_i),

and, as rows 4 and 5 miss the powers that later rows have,

    (v A)_j = 0,  (v A A)_j = 0,  sum_i v_i c_i a_ij = 0  at j = 4 and 5,
    sum_j (v A)_j c_j^5 = (1/7 - 1/8) / 6.

Most nodes follow. Rows 3, 4, 6 and 7 are quadratures that are exact for more powers than they have
weights: c_2 = 2/3 c_3 and c_3 = 2/3 c_4; c_4 < c_5 are the Radau nodes in (0, c_6); c_6 = 4/3 c_7.
Column 12 of b A = v asks for c_12 = 1. The powers leave rows 9 to 12 with 1, 2, 3 and 4 degrees of
freedom; the products with A take them all, provided that c_9 is the zero of a linear equation.

So these are all the numbers that the authors were free to choose:

    c_7, c_8, c_10, c_11;
    of the weights of order 5, those at the stages 6, 7 and 12: order 5 leaves three free;
    the factor 1/2 by which their difference from b enters the error estimate;
    that the weights of order 3 use the stages 1, 9 and 12, which leaves none free.

The weights and the factor are read off the published decimals of the estimate, all of whose digits
they reproduce. Everything is computed in the field of the rational numbers and sqrt(6), without
round-off, and rounded once, at the end.
"""

import sys
from pathlib import Path

from sympy import QQ, Expr, Rational, integrate, solve, sqrt, symbols
from sympy.polys.matrices import DomainMatrix

_MODULE = Path(__file__).parents[1] / "src/deeplinear/solve/_methods/_dop853.py"

C7, C8, C10, C11 = Rational(1, 4), Rational(4, 13), Rational(3, 5), Rational(6, 7)
FIFTH = {6: Rational(2), 7: Rational(9, 10), 12: Rational(0)}  # weights of order 5
FIFTH_SCALE = Rational(1, 2)
THIRD = [1, 9, 12]  # stages that the weights of order 3 use

_FIELD = QQ.algebraic_field(sqrt(6))
Element = type(_FIELD.one)
Row = dict[int, Element]  # stage -> number; zero elsewhere

_LATE = [1, *range(6, 13)]  # the stages that have weights


def exact(x: Expr) -> Element:
    """An element of the field."""
    return _FIELD.from_sympy(x)


# Systems of linear equations.


def only_solution(name: str, matrix: list[list[Element]], right: list[Element]) -> list[Element]:
    """The solution of a system of as many independent equations as unknowns, or of more."""
    unknowns = len(matrix[0])
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    reduced, pivots = DomainMatrix(rows, (len(rows), unknowns + 1), _FIELD).rref()
    rank = sum(p < unknowns for p in pivots)
    print(f"{name:24s} {unknowns:8d} {len(rows):10d} {rank:6d} {unknowns - rank:6d}")
    assert unknowns not in pivots, f"{name}: the conditions contradict each other"
    assert rank == unknowns, f"{name}: {unknowns - rank} degrees of freedom left"
    return [row[-1] for row in reduced.to_list()[:unknowns]]


def quadrature(
    name: str, c: Row, stages: list[int], moments: list[Element], chosen: Row | None = None
) -> Row:
    """The weights w at these stages with sum_j w_j c_j^q = moments[q], and w_j as chosen."""
    chosen = chosen or {}
    matrix = [[c[j] ** q for j in stages] for q in range(len(moments))]
    matrix += [[_FIELD(int(j == k)) for j in stages] for k in chosen]
    solution = only_solution(name, matrix, [*moments, *chosen.values()])
    return dict(zip(stages, solution, strict=True))


def moments_of_product(w: Row, c: Row, n: int) -> list[Element]:
    """sum_j (w A)_j c_j^q for q < n, from those of the rows of A."""
    return [sum((w[i] * c[i] ** (q + 1) for i in w), _FIELD.zero) / _FIELD(q + 1) for q in range(n)]


def times(w: Row, a: dict[int, Row], j: int) -> Element:
    """(w A)_j from those rows of A that are known."""
    return sum((w[i] * a[i][j] for i in w if i in a and j in a[i]), _FIELD.zero)


# The method.


def ninth_node(c6: Rational) -> Rational:
    """c_9: two of the products must agree on a_{10,9}.

    Let u = v A and p_i = v_i (c_i - c_11), which is zero from stage 11 on. Then (p A)_9 is
    p_10 a_{10,9}, and (u A)_9 is u_10 a_{10,9}; so (u A)_9 p_10 = (p A)_9 u_10. A polynomial that
    is zero at the other stages of a quadrature turns each of the four into an integral, times
    factors that are the same on both sides.
    """
    t, c9 = symbols("t c9")

    def integral(polynomial: Expr) -> Expr:
        return integrate(polynomial.expand(), (t, 0, 1))

    def primitive(polynomial: Expr) -> Expr:
        return integrate(polynomial.expand(), t)

    zeros = t * (t - c6) * (t - C7) * (t - C8)
    ua9 = integral((1 - t) * primitive(primitive(zeros)))
    pa9 = integral((1 - t) * (t - C11) * primitive(zeros))
    u10 = integral((1 - t) * primitive(zeros * (t - c9)))
    p10 = integral((1 - t) * (t - C11) * zeros * (t - c9))
    (zero,) = solve(ua9 * p10 - pa9 * u10, c9)
    return zero


def nodes() -> Row:
    """c_1, ..., c_12. For others the systems below would contradict themselves."""
    c6 = C7 * Rational(4, 3)
    c4, c5 = c6 * (6 - sqrt(6)) / 10, c6 * (6 + sqrt(6)) / 10
    c3 = c4 * Rational(2, 3)
    c2 = c3 * Rational(2, 3)
    c9 = ninth_node(c6)
    print(f"c9 = {c9}")
    values = [Rational(0), c2, c3, c4, c5, c6, C7, C8, c9, C10, C11, Rational(1)]
    return {i: exact(value.expand()) for i, value in enumerate(values, start=1)}


def method(c: Row) -> tuple[dict[int, Row], Row]:
    """A and b."""
    one, zero = _FIELD.one, _FIELD.zero
    b = quadrature("b", c, _LATE, [exact(Rational(1, q + 1)) for q in range(8)])
    a: dict[int, Row] = {}
    stages = {2: [1], 3: [1, 2], 4: [1, 3], 5: [1, 3, 4]}
    stages |= {i: [1, *range(4, i)] for i in range(6, 13)}
    powers = {2: 1, 3: 3, 4: 3, 5: 3, **dict.fromkeys(range(6, 13), 5)}
    for i in range(2, 9):
        moments = moments_of_product({i: one}, c, powers[i])
        a[i] = quadrature(f"row {i}", c, stages[i], moments)

    # The products end before the columns of A, as v_12 = p_11 = p_12 = 0, and vanish at 4 and 5.
    v = {i: b[i] * (one - c[i]) for i in _LATE}
    p = {i: v[i] * (c[i] - c[11]) for i in _LATE}
    u = quadrature("v A", c, [1, *range(6, 11)], moments_of_product(v, c, 6))
    pa = quadrature("v (c - c11) A", c, [1, *range(6, 10)], moments_of_product(p, c, 5))
    ua = quadrature("v A A", c, [1, *range(6, 10)], moments_of_product(u, c, 5))

    unknowns = [(i, j) for i in (9, 10) for j in stages[i]]
    matrix, right = [], []
    for row in (9, 10):
        for q, moment in enumerate(moments_of_product({row: one}, c, 5)):
            matrix.append([c[j] ** q if i == row else zero for i, j in unknowns])
            right.append(moment)
    for w, product in ((p, pa), (u, ua)):
        for column in stages[10]:
            matrix.append([w[i] if j == column else zero for i, j in unknowns])
            right.append(product.get(column, zero) - times(w, a, column))
    for (i, j), value in zip(unknowns, only_solution("rows 9 and 10", matrix, right), strict=True):
        a.setdefault(i, {})[j] = value

    # The last row in v A = u, and then in b A = v.
    a[11] = {j: (u.get(j, zero) - times(v, a, j)) / v[11] for j in stages[11]}
    a[12] = {j: (v.get(j, zero) - times(b, a, j)) / b[12] for j in stages[12]}
    for i in (11, 12):
        for q, moment in enumerate(moments_of_product({i: one}, c, 5)):
            assert sum((a[i][j] * c[j] ** q for j in a[i]), zero) == moment
    return a, b


def estimates(c: Row, b: Row) -> tuple[Row, Row]:
    """E5 and E3."""
    moments = [exact(Rational(1, q + 1)) for q in range(5)]
    fifth = quadrature("order 5, as chosen", c, _LATE, moments, {j: exact(FIFTH[j]) for j in FIFTH})
    third = quadrature("order 3", c, THIRD, moments[:3])
    half = exact(FIFTH_SCALE)
    e5 = {j: half * (fifth[j] - b[j]) for j in _LATE}
    return e5, {j: b[j] - third.get(j, _FIELD.zero) for j in _LATE}


# The module.

_HEAD = '''"""Coefficients of the Dormand-Prince method of order 8(5,3), DOP853.

Written by scripts/derive_dop853.py, which derives them, exactly, from the conditions in E. Hairer,
S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd edition (1993), sections
II.5 and II.10, and from the few free choices of the authors. The flow is autonomous, so the nodes
are not needed.
"""

import numpy as np

N_STAGES = 12

A = np.zeros((N_STAGES, N_STAGES))
'''


def rounded(x: Element) -> float:
    """The closest float: 40 digits, read as any literal is."""
    return float(str(_FIELD.to_sympy(x).evalf(40)))


def assignment(target: str, row: Row) -> str:
    """The statement that fills the entries of a row."""
    numbers = "".join(f"    {rounded(row[j])!r},\n" for j in row)
    return f"{target.format([j - 1 for j in row])} = [\n{numbers}]\n"


def module() -> str:
    """The text of the module, and a line on each system of equations."""
    c = nodes()
    print("                         unknowns conditions   rank   free")
    a, b = method(c)
    e5, e3 = estimates(c, b)
    text = _HEAD + "".join(assignment(f"A[{i - 1}, {{}}]", a[i]) for i in a)
    for name, row, meaning in (
        ("B", b, "Weights of order 8."),
        ("E5", e5, "Half of the embedded weights of order 5, which are B + 2 E5, minus B."),
        ("E3", e3, "Order 8 minus the embedded order 3."),
    ):
        text += f"\n{name} = np.zeros(N_STAGES)\n{assignment(name + '[{}]', row)}"
        text += f'"""{meaning}"""\n'
    return text


if __name__ == "__main__":
    derived = module()
    if "--check" in sys.argv:
        same = derived == _MODULE.read_text()
        print(f"{_MODULE.name} {'is' if same else 'is not'} what this script derives")
        sys.exit(int(not same))
    _MODULE.write_text(derived)
    print(f"wrote {_MODULE.name}")
