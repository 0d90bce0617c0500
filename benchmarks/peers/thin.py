"""The gradient through the thin side of the network, for any arrays that know ``.T``."""

from collections.abc import Callable
from typing import Any

Layers = list[Any]
Through = Callable[[Layers, Any, Callable[[Any, Any], Any]], Layers]


def thin_side(widths: tuple[int, ...]) -> Through:
    """Return the cheaper of both associations, as a function of layers, target and product."""
    return through_inputs if widths[0] <= widths[-1] else through_outputs


def through_inputs(w: Layers, target: Any, dot: Callable[[Any, Any], Any]) -> Layers:
    """Products W_i ... W_0 forward, the residual backward."""
    before = [w[0]]
    for layer in w[1:]:
        before.append(dot(layer, before[-1]))
    back, out = target - before[-1], []
    for layer, product in zip(w[:0:-1], before[-2::-1], strict=True):
        out.append(dot(back, product.T))
        back = dot(layer.T, back)
    return [back, *reversed(out)]


def through_outputs(w: Layers, target: Any, dot: Callable[[Any, Any], Any]) -> Layers:
    """Products W_{h-1} ... W_i backward, the residual forward."""
    after = [w[-1]]
    for layer in w[-2::-1]:
        after.append(dot(after[-1], layer))
    forward, out = target - after[-1], []
    for layer, product in zip(w[:-1], after[-2::-1], strict=True):
        out.append(dot(product.T, forward))
        forward = dot(forward, layer.T)
    return [*out, forward]
