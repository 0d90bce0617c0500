"""The flow in JAX, associated through the thin side of the network."""

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.method import STOCK, TUNED
from benchmarks.peers.thin import thin_side
from benchmarks.problems import Array

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

FUSED_UP_TO = 16
"""Widths up to which sums that the compiler fuses beat its matrix products (by 2 to 8 times)."""


def variants(widths: tuple[int, ...]) -> tuple[str, ...]:
    """Wide layers need no help."""
    return (TUNED, STOCK) if max(widths) <= FUSED_UP_TO else (STOCK,)


def flow(widths: tuple[int, ...], sigma: Array, variant: str) -> tuple[Callable, Callable]:
    """Return f(y) = dy/dt and loss(y) on weight vectors, to be traced and compiled."""
    target, through = jnp.asarray(sigma), thin_side(widths)
    dot = _fused_product if variant == TUNED else jnp.matmul
    shapes = [(rows, columns) for columns, rows in pairwise(widths)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]

    def layers(y: jax.Array) -> list[jax.Array]:
        parts = jnp.split(y, ends)
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def f(y: jax.Array) -> jax.Array:
        return jnp.concatenate([part.ravel() for part in through(layers(y), target, dot)])

    def loss(y: jax.Array) -> jax.Array:
        product, *others = layers(y)
        for layer in others:
            product = dot(layer, product)
        return 0.5 * jnp.sum((target - product) ** 2)

    return f, loss


def _fused_product(a: jax.Array, b: jax.Array) -> jax.Array:
    return jnp.sum(a[:, :, None] * b[None, :, :], axis=1)
