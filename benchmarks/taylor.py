"""The flow by Taylor series of its polynomial field: explicit, of any order, in any float type.

With Z_i = W_{i-1} ... W_0 and B_i = (W_{h-1} ... W_i)^T (sigma - P), dW_i/dt = B_{i+1} Z_i^T: the
coefficients of all these series follow from each other by Cauchy products. It shares nothing with
the package, not even the kernels; in extended precision (numpy's longdouble) round-off is out of
the question.
"""

import numpy as np

Array = np.ndarray


def states(layers: tuple[Array, ...], sigma: Array, times: Array, *, order: int, dtype: type):
    """Weight vectors at increasing times > 0 from a start at time 0, shape (len(times), n)."""
    layers = tuple(w.astype(dtype) for w in layers)
    sigma = sigma.astype(dtype)
    t, out = dtype(0.0), []
    while len(out) < len(times):
        series = coefficients(layers, sigma, order)
        step = _step(series, order, dtype)
        while len(out) < len(times) and times[len(out)] <= t + step:
            here = evaluate(series, dtype(times[len(out)]) - t)
            out.append(np.concatenate([w.ravel() for w in here]))
        layers = evaluate(series, step)
        t += step
    return np.array(out)


def coefficients(layers: tuple[Array, ...], sigma: Array, order: int) -> list[Array]:
    """Taylor coefficients of every layer at a state, each of shape (order + 1, rows, columns)."""
    h, inputs = len(layers), sigma.shape[1]
    w = [np.zeros((order + 1, *layer.shape), layer.dtype) for layer in layers]
    z = [w[0], *(np.zeros((order + 1, len(layer), inputs), sigma.dtype) for layer in layers[1:])]
    b = [np.zeros_like(series) for series in z]  # z[i] is Z_{i+1}, b[i] is B_{i+1}
    for i in range(h):
        w[i][0] = layers[i]
    for k in range(order):
        for i in range(1, h):
            z[i][k] = _cauchy(w[i], z[i - 1], k)
        b[-1][k] = (sigma if k == 0 else 0.0) - z[-1][k]
        for i in range(h - 1, 0, -1):
            b[i - 1][k] = _cauchy(w[i].swapaxes(1, 2), b[i], k)
        w[0][k + 1] = b[0][k] / (k + 1)
        for i in range(1, h):
            w[i][k + 1] = _cauchy(b[i], z[i - 1].swapaxes(1, 2), k) / (k + 1)
    return w


def evaluate(series: list[Array], t: float) -> tuple[Array, ...]:
    """The layers at time t after the state that the series were expanded at."""
    powers = t ** np.arange(len(series[0]), dtype=series[0].dtype)
    # Small terms first.
    return tuple((powers[::-1, None, None] * c[::-1]).sum(axis=0) for c in series)


def _cauchy(a: Array, b: Array, k: int) -> Array:
    """Coefficient k of the product of two matrix series."""
    return np.matmul(a[: k + 1], b[k::-1]).sum(axis=0)


def _step(series: list[Array], order: int, dtype: type) -> float:
    """The step at which the last two terms vanish in round-off, relative to the state."""
    scale = max(np.abs(c[0]).max() for c in series)
    steps = [
        (np.finfo(dtype).eps * scale / max(np.abs(c[k]).max() for c in series)) ** (dtype(1) / k)
        for k in (order - 1, order)
    ]
    return dtype(0.9) * min(steps)
