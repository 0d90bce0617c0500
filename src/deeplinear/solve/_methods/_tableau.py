"""Collocation methods as tables: nodes, matrix, weights and the eigenvectors of the matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from deeplinear._core.checks import Array

# Rows of `Tableau.table` after the s rows each of A, of T and of its inverse.
NODES, END, ERROR, REAL, IMAGINARY, NUMBERS = range(6)


@dataclass(frozen=True)
class Tableau:
    """A collocation method: nodes c, matrix A, end weights and error weights e on increments.

    A = T B T^{-1} with B block-diagonal: `real` and `imaginary` hold its eigenvalues, a complex
    pair twice, with the block [[re, im], [-im, re]].
    """

    c: Array
    a: Array
    end: Array
    e: Array
    gamma0: float
    t: Array
    real: Array
    imaginary: Array

    @classmethod
    def of(cls, nodes: Array, gamma0: float) -> "Tableau":
        """The method that collocates at these nodes in (0, 1].

        Its error estimate compares b with the quadrature that gives the slope at 0 the weight
        gamma0 and is exact up to degree s - 1: err = h gamma0 f(y) + sum_i e_i Z_i.
        """
        s = len(nodes)
        x = 2 * nodes - 1
        values = legendre.legvander(x, s - 1)
        integrals, ends = np.empty((s, s)), np.empty(s)
        for k in range(s):
            primitive = legendre.legint(np.eye(s)[k], lbnd=-1)
            integrals[:, k] = legendre.legval(x, primitive) / 2
            ends[k] = legendre.legval(1.0, primitive) / 2
        a = np.asarray(np.linalg.solve(values.T, integrals.T).T, dtype=np.float64)
        b = np.linalg.solve(values.T, ends)
        at_zero = legendre.legvander(np.array([-1.0]), s - 1)[0]
        e = np.linalg.solve(a.T, np.linalg.solve(values.T, -gamma0 * at_zero))
        end = np.linalg.solve(a.T, b)
        return cls(
            nodes,
            a,
            np.asarray(end, dtype=np.float64),
            np.asarray(e, dtype=np.float64),
            gamma0,
            *_real_blocks(a),
        )

    def table(self, *, exact: bool) -> Array:
        """All of it as one matrix for the compiled method; `exact` solves stages to round-off."""
        s = len(self.c)
        table = np.zeros((3 * s + 6, max(s, 4)))
        table[:s, :s], table[s : 2 * s, :s] = self.a, self.t
        table[2 * s : 3 * s, :s] = np.linalg.inv(self.t)
        rest = table[3 * s :]
        for k, row in ((NODES, self.c), (END, self.end), (ERROR, self.e), (REAL, self.real)):
            rest[k, :s] = row
        rest[IMAGINARY, :s] = self.imaginary
        rest[NUMBERS, :3] = self.gamma0, exact, s + 1
        return table


def _real_blocks(a: Array) -> tuple[Array, Array, Array]:
    """Columns T, and the real and imaginary parts of the eigenvalues that belong to them."""
    values, vectors = np.linalg.eig(a)
    columns, real, imaginary = [], [], []
    for value, vector in zip(values, vectors.T, strict=True):
        if abs(value.imag) < 1e-12:
            columns.append(vector.real)
            real.append(value.real)
            imaginary.append(0.0)
        elif value.imag > 0:  # a (x + i y) = (re + i im) (x + i y)
            columns += [vector.real, vector.imag]
            real += [value.real] * 2
            imaginary += [value.imag] * 2
    return np.array(columns).T, np.array(real), np.array(imaginary)


def gauss_nodes(s: int) -> Array:
    """The roots of the Legendre polynomial P_s on (0, 1): order 2s."""
    return (legendre.leggauss(s)[0] + 1) / 2


def radau_nodes(s: int) -> Array:
    """The roots of P_s - P_{s-1} on (0, 1], the last one 1: order 2s - 1."""
    difference = np.zeros(s + 1)
    difference[s], difference[s - 1] = 1.0, -1.0
    roots = np.sort(legendre.legroots(difference).real)
    slope = legendre.legder(difference)
    for _ in range(3):
        roots -= legendre.legval(roots, difference) / legendre.legval(roots, slope)
    roots[-1] = 1.0
    return (roots + 1) / 2
