"""The right-hand side that stock peers get is the flow, and its Jacobian is exact."""

import numpy as np
import pytest

import deeplinear as dl
from benchmarks.peers.numpy_flow import NumpyFlow
from benchmarks.problems import Case, gaussian


@pytest.fixture(params=[(3, 2), (4, 3, 2), (2, 5, 3, 4), (3, 3, 3, 3, 3)], ids=str)
def case(request):
    widths = request.param
    sigma = np.random.default_rng(2).standard_normal((widths[-1], widths[0]))
    return Case("", "", sigma, gaussian(widths, 0.5, 0), 1.0)


def test_stock_field_jacobian_and_loss_agree_with_deeplinear(case):
    f, jacobian = dl.vector_field(case.problem, case.widths)
    flow, y = NumpyFlow(case), case.vector
    np.testing.assert_allclose(flow.field(0.0, y), f(0.0, y), rtol=0, atol=1e-13)
    np.testing.assert_allclose(flow.jacobian(0.0, y), jacobian(0.0, y), rtol=0, atol=1e-13)
    assert flow.loss(y) == pytest.approx(dl.loss(case.problem, case.network), rel=1e-13)
