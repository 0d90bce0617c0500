"""Settings to begin with, for each kind of data: a run that shows something within a second."""

from typing import Any

from deeplinear import datasets
from deeplinear.explorer._inputs._uploads import Upload
from deeplinear.explorer._settings._model import PLANTED, UPLOAD, Settings

_OPTIONS: dict[str, dict[str, Any]] = {
    "teacher_student": {"widths": [8, 4, 6], "n_samples": 400},
}
_WIDEST = 10


def suggested(source: str, upload: Upload | None = None) -> Settings:
    """Return settings for a data source of `Data.source`; for "upload", of this upload.

    Raises
    ------
    MissingExtraError
        The data are scikit-learn's, and it is not installed.
    """
    if source == PLANTED:
        return Settings()
    data: dict[str, Any] = {"source": source, "whiten": True}
    if source == UPLOAD:
        assert upload is not None
        data["upload"] = upload.digest
        shape = upload.x.shape[1], upload.y.shape[1]
    else:
        data["options"] = _OPTIONS.get(source, {})
        found = datasets.load(source, **data["options"])
        shape = found.x.shape[1], found.y.shape[1]
    if source == "semantic_hierarchy":  # one-hot inputs: white without a mean
        data |= {"whiten": False, "mean": False}
    width = min(*shape, _WIDEST)
    return Settings.of(
        {"data": data, "hidden": (width, width), "start": {"name": "gaussian", "scale": 0.03}}
    )
