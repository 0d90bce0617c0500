"""Facts about the machine and the versions: no host name, no path."""

import os
import platform
from importlib import metadata

PACKAGES = (
    "numpy",
    "numba",
    "scipy",
    "scikit-sundae",
    "jax",
    "diffrax",
    "torch",
    "torchdiffeq",
)


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def facts() -> dict[str, object]:
    """Processor, cores used, threads of the linear algebra, versions."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "default"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            models = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
        return models[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
