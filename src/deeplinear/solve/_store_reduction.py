"""A reduction inside a saved trajectory: the start, the small problem, and the blocks' bases."""

from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear.flow import Reduction
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

if TYPE_CHECKING:
    import xarray

Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]


def reduction_to_arrays(reduction: Reduction) -> Variables:
    """The arrays to store beside the small weights."""
    small = reduction.problem
    flat = [base.ravel() for bases in reduction.bases for base in bases]
    return {
        "start": (("large_parameter",), reduction.start.to_vector()),
        "small_start": (("parameter",), reduction.net.to_vector()),
        "small_sxx": (("small_input", "small_input_2"), small.sxx),
        "small_syx": (("small_output", "small_input"), small.syx),
        "bases": (("basis_entry",), np.concatenate([np.zeros(0), *flat])),
    }


def reduction_facts(reduction: Reduction) -> dict[str, Any]:
    """The numbers to store with them."""
    return {
        "small_widths": list(reduction.net.widths),
        "small_syy": reduction.problem.syy,
        "blocks": [[list(b.widths), b.copies, b.has_target] for b in reduction.blocks],
        "constant": reduction.constant,
        "violation": reduction.violation,
        "work": list(reduction.work),
    }


def reduction_from(
    data: "xarray.Dataset", facts: dict[str, Any], widths: tuple[int, ...]
) -> Reduction:
    """Build the reduction again."""
    small = Problem(data["small_sxx"].values, data["small_syx"].values, float(facts["small_syy"]))
    net = LinearNetwork.from_vector(
        data["small_start"].values, tuple(int(d) for d in facts["small_widths"])
    )
    return Reduction.restored(
        small,
        net,
        LinearNetwork.from_vector(data["start"].values, widths),
        blocks=facts["blocks"],
        bases=data["bases"].values,
        constant=float(facts["constant"]),
        violation=float(facts["violation"]),
        work=(int(facts["work"][0]), int(facts["work"][1])),
    )
