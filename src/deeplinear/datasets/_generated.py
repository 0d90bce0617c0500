"""Data with a known answer: a planted spectrum, or a random linear teacher."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import SeedLike
from deeplinear._core.errors import ArgumentError
from deeplinear.datasets._dataset import Dataset
from deeplinear.network import LinearNetwork

__all__ = ["planted", "teacher_student"]


def planted(
    s: ArrayLike,
    *,
    n_samples: int | None = None,
    d_in: int | None = None,
    d_out: int | None = None,
    noise: float = 0.0,
    seed: SeedLike = 0,
) -> Dataset:
    r"""Return data that are exactly white and whose target has exactly the singular values s.

    .. math:: y_n = \Sigma x_n + \texttt{noise}\, \xi_n, \quad
              \tfrac1N \sum_n x_n x_n^T = I, \quad \Sigma = U \mathrm{diag}(s) V^T

    with random orthonormal frames U, V and standard normal :math:`\xi`. Whiteness holds in the
    sample, not only on average. With noise, the target of the data is Sigma plus a Gaussian matrix
    with independent entries of standard deviation noise / sqrt(n_samples).

    Parameters
    ----------
    s
        ``(m,)`` singular values, at least 0, in any order; zeros are not modes.
    n_samples
        At least d_in. Default: 10 d_in.
    d_in, d_out
        At least m. Default: m.
    noise
        Standard deviation of the noise of each output.
    seed
        An int or a NumPy Generator.

    Returns
    -------
    Dataset
        x ``(n_samples, d_in)``, y ``(n_samples, d_out)``; its teacher is the one-layer network
        Sigma.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A negative singular value or noise, or a size below its minimum.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import datasets
    >>> x, y = datasets.planted([3.0, 2.0, 1.0], d_in=5)
    >>> dl.Problem.from_data(x, y).modes.s.round(12)
    array([3., 2., 1.])

    References
    ----------
    theory §2; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    values = checks.real_array("s", s, ndim=1, shape_text="(m,)")
    if values.size == 0 or values.min() < 0:
        raise ArgumentError(
            f"Argument `s` must hold at least one value, all at least 0, but it is {values}."
        )
    m = len(values)
    d_in = _size("d_in", d_in, m, m, "singular values")
    d_out = _size("d_out", d_out, m, m, "singular values")
    n_samples = _size("n_samples", n_samples, 10 * d_in, d_in, "inputs that must be white")
    noise = checks.number("noise", noise, minimum=0.0)
    rng = checks.generator(seed)
    u, v, frame = (
        np.linalg.qr(rng.standard_normal(shape))[0]
        for shape in ((d_out, m), (d_in, m), (n_samples, d_in))
    )
    x = np.sqrt(n_samples) * frame
    teacher = LinearNetwork([(u * values) @ v.T])
    return Dataset(
        x,
        teacher(x) + noise * rng.standard_normal((n_samples, d_out)),
        "planted",
        f"Planted spectrum of {m} singular values from {values.max():.4g} to {values.min():.4g}, "
        f"noise {noise:g}. The inputs are white in the sample; the targets are a linear map of "
        "them in random frames, plus Gaussian noise.",
        teacher=teacher,
    )


def teacher_student(
    widths: Sequence[int],
    n_samples: int,
    *,
    noise: float = 0.0,
    test_fraction: float = 0.25,
    seed: SeedLike = 0,
) -> Dataset:
    """Return data of a random deep linear teacher, with a held-out set.

    The teacher's weights are normal with variance 1 / (number of their inputs), so its outputs
    have variance 1 on average. Its rank is min(widths). Inputs are standard normal, white on
    average only; ``dl.Problem.from_data(..., whiten=True)`` whitens them. The same noise acts on
    the training and the held-out targets; the noiseless ones are ``data.teacher(data.x_test)``.

    Parameters
    ----------
    widths
        (d_in, ..., d_out) of the teacher, inputs first; a narrow entry makes it low-rank.
    n_samples
        Number of samples, training and held-out together.
    noise
        Standard deviation of the noise of each output.
    test_fraction
        Share of the samples held out, in [0, 1), rounded to whole samples, at least one;
        0: none.
    seed
        An int or a NumPy Generator.

    Returns
    -------
    Dataset
        With `teacher`, and with `x_test` and `y_test` unless ``test_fraction`` is 0.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Widths, sizes or noise out of range, or no sample left to train on.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> data = datasets.teacher_student((6, 2, 3), 200, noise=0.1, seed=1)
    >>> data.x.shape, data.y_test.shape, data.teacher.widths
    ((150, 6), (50, 3), (6, 2, 3))

    References
    ----------
    Lampinen, Ganguli, arXiv 1809.10374; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    widths = checks.widths(widths)
    n_samples = checks.integer("n_samples", n_samples, minimum=1)
    noise = checks.number("noise", noise, minimum=0.0)
    fraction = checks.number("test_fraction", test_fraction, minimum=0.0)
    n_test = max(1, round(fraction * n_samples)) if fraction else 0
    if fraction >= 1 or n_test >= n_samples:
        raise ArgumentError(
            "Argument `test_fraction` must be below 1 and leave a sample to train on, "
            f"but it is {fraction:g}, that is {n_test} of {n_samples} samples."
        )
    rng = checks.generator(seed)
    teacher = LinearNetwork(
        [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in itertools.pairwise(widths)]
    )
    x = rng.standard_normal((n_samples, widths[0]))
    y = teacher(x) + noise * rng.standard_normal((n_samples, widths[-1]))
    n = n_samples - n_test
    return Dataset(
        x[:n],
        y[:n],
        "teacher_student",
        f"Random linear teacher of widths {'-'.join(map(str, widths))}, noise {noise:g}. The "
        "inputs are standard normal; the targets are the teacher's outputs plus Gaussian noise.",
        x_test=x[n:] if n_test else None,
        y_test=y[n:] if n_test else None,
        teacher=teacher,
    )


def _size(name: str, value: int | None, default: int, minimum: int, what: str) -> int:
    if value is None:
        return default
    size = checks.integer(name, value, minimum=1)
    if size < minimum:
        raise ArgumentError(
            f"Argument `{name}` must be at least {minimum}, the number of {what}, but it is {size}."
        )
    return size
