"""The tree of living things: the data set of semantic development."""

import numpy as np

from deeplinear.datasets._dataset import Dataset

__all__ = ["semantic_hierarchy"]

ITEMS = ("canary", "robin", "salmon", "sunfish", "oak", "pine", "rose", "daisy")

PROPERTIES = {
    "can grow": ITEMS,
    "can move": ("canary", "robin", "salmon", "sunfish"),
    "has roots": ("oak", "pine", "rose", "daisy"),
    "can fly": ("canary", "robin"),
    "can swim": ("salmon", "sunfish"),
    "has bark": ("oak", "pine"),
    "has petals": ("rose", "daisy"),
    "can sing": ("canary",),
    "has a red breast": ("robin",),
    "swims upstream": ("salmon",),
    "has a round body": ("sunfish",),
    "has acorns": ("oak",),
    "has needles": ("pine",),
    "has thorns": ("rose",),
    "has white petals": ("daisy",),
}
"""One property for each node of the balanced binary tree, root first."""


def semantic_hierarchy() -> Dataset:
    r"""Return the living things of semantic development: 8 items in, 15 properties out.

    The items are the leaves of a balanced binary tree: living things; animals and plants; birds,
    fish, trees and flowers; two of each. Every node of the tree has one property, which exactly
    the items below it have. So y y^T has the eigenvalues 15, 7, 3 (twice) and 1 (four times),
    and the target repeats its singular values

    .. math:: \sqrt{15}, \sqrt{7}, \sqrt{3}\ (2\times), 1\ (4\times):

    one mode for all, one for animals against plants, two within these, four within the pairs.

    Returns
    -------
    Dataset
        x ``(8, 8)``, the identity (one-hot items); y ``(8, 15)``, 0 or 1.

    Notes
    -----
    With ``Problem.from_data(x, y, mean=False)`` the inputs are white and the modes are the values
    above; with the default mean they are divided by sqrt(8), and Sxx = I/8.

    The items and the properties shared within a level follow Rogers and McClelland; the tree with
    one property a node is Saxe's. Two choices are ours: properties that cut across the tree
    (colors, size) are left out, and the last level has one property of its own for each item.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import datasets
    >>> x, y = datasets.semantic_hierarchy()
    >>> (dl.Problem.from_data(x, y, mean=False).modes.s ** 2).round(12)
    array([15.,  7.,  3.,  3.,  1.,  1.,  1.,  1.])

    References
    ----------
    Saxe, McClelland, Ganguli, arXiv 1312.6120; PNAS 116 (2019) 11537.
    Rogers, McClelland, Semantic Cognition, MIT Press, 2004; Rumelhart, Todd, Attention and
    Performance XIV, 1993.
    """
    return Dataset(
        np.eye(len(ITEMS)),
        np.array([[float(item in having) for having in PROPERTIES.values()] for item in ITEMS]),
        "semantic_hierarchy",
        "Living things and their properties, a balanced binary tree (Saxe, McClelland, Ganguli "
        "2014 and 2019, after Rogers and McClelland 2004). A row is an item, from canary to daisy; "
        "the inputs are one-hot. The targets are 15 properties, one for each node of the tree, "
        "1 for the items below the node.",
        feature_names=ITEMS,
        target_names=tuple(PROPERTIES),
    )
