"""The peers; each module exposes ``methods(case, times)``."""

import importlib

from benchmarks.method import Method
from benchmarks.problems import Array, Case

MODULES = {
    "scipy_solvers": "SciPy",
    "sundials": "SUNDIALS",
    "diffrax_solvers": "diffrax",
    "torch_solvers": "PyTorch",
}


def methods(case: Case, times: Array) -> tuple[list[Method], dict[str, str]]:
    """The methods of all installed peers, and for each missing one the module that it lacks."""
    found: list[Method] = []
    missing: dict[str, str] = {}
    for module, library in MODULES.items():
        try:
            found += importlib.import_module(f"benchmarks.peers.{module}").methods(case, times)
        except ModuleNotFoundError as error:
            missing[library] = f"not installed: {error.name}"
    return found, missing
