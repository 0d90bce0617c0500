"""Starting points: where a flow begins (theory §4, §6).

Every function returns a `LinearNetwork`. `widths` are (d_0, ..., d_h), inputs first. `seed` is an
int or a NumPy Generator; its default is 0, so that runs repeat. `make` builds a start by name.
"""

from deeplinear.init._aligned import aligned, decoupled, identity
from deeplinear.init._balanced import balanced, delta_balanced, lambda_balanced
from deeplinear.init._random import gaussian, lora, low_rank, near, orthogonal, standard
from deeplinear.init._registry import make, names, options
from deeplinear.init._saved import from_file

__all__ = [
    "aligned",
    "balanced",
    "decoupled",
    "delta_balanced",
    "from_file",
    "gaussian",
    "identity",
    "lambda_balanced",
    "lora",
    "low_rank",
    "make",
    "names",
    "near",
    "options",
    "orthogonal",
    "standard",
]
