"""Problems of every kind that the landscape must handle, and random classes of them."""

import numpy as np

from deeplinear import Problem


def whitened(rng, widths, *, equal=False, n_modes=None):
    """A whitened problem with random frames; spectrum in [0.3, about 4], gaps of at least 0.2."""
    most = min(widths[0], widths[-1])
    m = int(rng.integers(1, most + 1)) if n_modes is None else n_modes
    gaps = rng.uniform(0.2, 0.8, m)
    if equal:
        gaps[1:][rng.random(m - 1) < 0.5] = 0.0
    s = np.cumsum(gaps + np.r_[0.1, np.zeros(m - 1)])
    seed = int(rng.integers(1 << 30))
    return Problem.from_modes(s, d_in=widths[0], d_out=widths[-1], seed=seed)


def general(rng, widths, *, deficient=False, whiten=False):
    """Correlated inputs, of rank d_in - 1 if deficient; noise that no map explains."""
    n, d_in = 40, widths[0]
    x = rng.standard_normal((n, d_in)) @ (np.eye(d_in) + 0.4 * rng.standard_normal((d_in, d_in)))
    if deficient and d_in > 1:
        x[:, -1] = x[:, 0]
    y = x @ rng.standard_normal((d_in, widths[-1])) + 0.1 * rng.standard_normal((n, widths[-1]))
    return Problem.from_data(x, y, whiten=whiten)


KINDS = {
    "whitened": whitened,
    "equal modes": lambda rng, widths: whitened(rng, widths, equal=True),
    "general": general,
    "rank-deficient": lambda rng, widths: general(rng, widths, deficient=True),
    "rank-deficient, whitened": lambda rng, widths: general(
        rng, widths, deficient=True, whiten=True
    ),
}


def random_widths(rng, *, depths=(2, 3, 4), largest=4):
    depth = int(rng.choice(depths))
    return tuple(int(d) for d in rng.integers(1, largest + 1, depth + 1))


def random_class(rng, problem, widths):
    """Any set of modes that fits; of equal modes the first ones."""
    from deeplinear.landscape import mode_groups

    m = len(problem.modes)
    r = int(rng.integers(0, min(*widths, m) + 1))
    drawn = rng.permutation(m)[:r]
    return tuple(
        k
        for group in mode_groups(problem.modes.s)
        for k in group[: int(np.isin(group, drawn).sum())]
    )
