"""Real data that scikit-learn ships with its package: nothing is fetched from a network."""

from typing import Any

import numpy as np

from deeplinear._core.errors import MissingExtraError
from deeplinear.datasets._dataset import Dataset

__all__ = ["breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine"]


def digits(*, standardize: bool = False) -> Dataset:
    """Return 1797 handwritten digits: 64 pixels in, 10 classes out.

    Parameters
    ----------
    standardize
        Bring every pixel to mean 0 and variance 1 (the three constant ones to 0). Otherwise the
        pixels are those of the file divided by 16, in [0, 1].

    Returns
    -------
    Dataset
        x ``(1797, 64)``, row-major 8 x 8 images; y ``(1797, 10)``, one-hot. Sxx is singular:
        three pixels are always blank.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> x, y = datasets.digits()
    >>> x.shape, y.shape, float(x.max())
    ((1797, 64), (1797, 10), 1.0)

    References
    ----------
    Alpaydin, Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
    """
    bunch = _shipped("digits")
    return _finished(
        "digits",
        bunch,
        bunch.data / 16.0,
        _one_hot(bunch.target),
        "Handwritten digits (UCI, Alpaydin and Kaynak 1998; the test part, as scikit-learn ships "
        "it). A row is an image of 8 x 8 pixels, row by row, each the count of inked dots in a "
        "4 x 4 block divided by 16. The targets are one-hot: the digits 0 to 9.",
        standardize,
    )


def wine(*, standardize: bool = False) -> Dataset:
    """Return 178 wines: 13 chemical measurements in, 3 cultivars out.

    Parameters
    ----------
    standardize
        Bring every input to mean 0 and variance 1; the raw scales differ by a factor of 1000.

    Returns
    -------
    Dataset
        x ``(178, 13)`` in the units of the file; y ``(178, 3)``, one-hot.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> x, y = datasets.wine(standardize=True)
    >>> x.shape, y.shape, y.sum(axis=0)
    ((178, 13), (178, 3), array([59., 71., 48.]))

    References
    ----------
    Aeberhard, Forina, Wine, UCI repository, 1991.
    """
    bunch = _shipped("wine")
    return _finished(
        "wine",
        bunch,
        bunch.data,
        _one_hot(bunch.target),
        "Chemical analyses of Italian wines (UCI, Aeberhard and Forina 1991). A row is a wine; the "
        "inputs are 13 measurements from alcohol to proline, in the units of the file. The targets "
        "are one-hot: three cultivars.",
        standardize,
    )


def iris(*, standardize: bool = False) -> Dataset:
    """Return 150 iris flowers: 4 lengths in, 3 species out.

    Parameters
    ----------
    standardize
        Bring every input to mean 0 and variance 1.

    Returns
    -------
    Dataset
        x ``(150, 4)`` in cm; y ``(150, 3)``, one-hot.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> datasets.iris().target_names
    ('setosa', 'versicolor', 'virginica')

    References
    ----------
    Fisher, Annals of Eugenics 7 (1936).
    """
    bunch = _shipped("iris")
    return _finished(
        "iris",
        bunch,
        bunch.data,
        _one_hot(bunch.target),
        "Iris flowers (Fisher 1936). A row is a flower; the inputs are length and width of sepal "
        "and petal in cm. The targets are one-hot: three species.",
        standardize,
    )


def breast_cancer(*, standardize: bool = False) -> Dataset:
    """Return 569 tumors: 30 measurements of cell nuclei in, 2 diagnoses out.

    Parameters
    ----------
    standardize
        Bring every input to mean 0 and variance 1; the raw scales differ by a factor of 10^5.

    Returns
    -------
    Dataset
        x ``(569, 30)`` in the units of the file; y ``(569, 2)``, one-hot.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> data = datasets.breast_cancer()
    >>> data.x.shape, data.target_names
    ((569, 30), ('malignant', 'benign'))

    References
    ----------
    Wolberg, Mangasarian, Street, Street, Breast Cancer Wisconsin (Diagnostic), UCI, 1995.
    """
    bunch = _shipped("breast_cancer")
    return _finished(
        "breast_cancer",
        bunch,
        bunch.data,
        _one_hot(bunch.target),
        "Breast tumors (Wisconsin diagnostic data, UCI, Wolberg et al. 1995). A row is a tumor; "
        "the inputs are mean, standard error and worst value of 10 measurements of its cell "
        "nuclei. The targets are one-hot: malignant, benign.",
        standardize,
    )


def diabetes(*, standardize: bool = False) -> Dataset:
    """Return 442 diabetes patients: 10 baseline values in, disease progression out.

    Parameters
    ----------
    standardize
        Bring every input to mean 0 and variance 1. Otherwise the inputs are the raw ones, in
        their own units (not the rescaled ones that scikit-learn returns by default).

    Returns
    -------
    Dataset
        x ``(442, 10)``; y ``(442, 1)``, from 25 to 346.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> x, y = datasets.diabetes()
    >>> float(x[0, 0]), float(y[0, 0])
    (59.0, 151.0)

    References
    ----------
    Efron, Hastie, Johnstone, Tibshirani, Annals of Statistics 32 (2004).
    """
    bunch = _shipped("diabetes", scaled=False)
    return _finished(
        "diabetes",
        bunch,
        bunch.data,
        bunch.target[:, None],
        "Diabetes patients (Efron et al. 2004). A row is a patient; the inputs are age in years, "
        "sex (1 or 2), body mass index, mean blood pressure and six blood serum measurements, raw. "
        "The target is a measure of disease progression one year later.",
        standardize,
        target_names=("progression",),
    )


def linnerud(*, standardize: bool = False) -> Dataset:
    """Return 20 men of a fitness club: 3 exercises in, 3 physiological values out.

    Parameters
    ----------
    standardize
        Bring every input to mean 0 and variance 1. The targets keep their units.

    Returns
    -------
    Dataset
        x ``(20, 3)``, counts; y ``(20, 3)``: weight in pounds, waist in inches, pulse per minute.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> datasets.linnerud().target_names
    ('Weight', 'Waist', 'Pulse')

    References
    ----------
    Tenenhaus, La régression PLS, Technip, 1998.
    """
    bunch = _shipped("linnerud")
    return _finished(
        "linnerud",
        bunch,
        bunch.data,
        bunch.target,
        "Exercise and physiology (Linnerud's data, in Tenenhaus 1998). A row is a middle-aged man; "
        "the inputs are his numbers of chin-ups, sit-ups and jumps. The targets are his weight in "
        "pounds, waist in inches and pulse per minute.",
        standardize,
    )


def _shipped(name: str, **options: bool) -> Any:
    try:
        import sklearn.datasets
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "sklearn":
            raise
        raise MissingExtraError(
            f"The data set {name!r} must be read from scikit-learn, but it is not installed. "
            'Install it with: pip install "deeplinear[data]"'
        ) from error
    return getattr(sklearn.datasets, f"load_{name}")(**options)


def _one_hot(labels: Any) -> Any:
    return np.eye(int(labels.max()) + 1)[labels]


def _finished(
    name: str,
    bunch: Any,
    x: Any,
    y: Any,
    description: str,
    standardize: bool,
    *,
    target_names: tuple[str, ...] | None = None,
) -> Dataset:
    data = Dataset(
        x,
        y,
        name,
        description,
        feature_names=tuple(bunch.feature_names),
        target_names=tuple(bunch.target_names) if target_names is None else target_names,
    )
    return data.standardized() if standardize else data
