"""Random starts have the laws and the structure that their names promise."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinear import LinearNetwork, init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

identity = settings(deadline=None, derandomize=True, max_examples=60)
widths_strategy = st.lists(st.integers(1, 7), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 2**32)
WIDE = (300, 200, 100)


def standardized(entries):
    """First four moments' distances from N(0, 1), each in standard errors of its estimate."""
    z, n = entries.ravel(), entries.size
    moments = [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
    return [abs(np.mean(z**k) - value) / np.sqrt(var / n) for k, value, var in moments]


@pytest.mark.parametrize("start", [init.gaussian, init.lora])
def test_gaussian_entries_are_independent_normals_of_the_given_scale(start):
    first, second = start(WIDE, scale=0.2, seed=3).weights
    assert max(standardized(first / 0.2)) < 4.0
    if start is init.gaussian:
        assert max(standardized(second / 0.2)) < 4.0
        correlation = np.corrcoef(first.ravel()[: second.size], second.ravel())[0, 1]
        assert abs(correlation) < 4.0 / np.sqrt(second.size)


@identity
@given(widths_strategy, seeds)
def test_starts_have_the_widths_asked_for_and_finite_entries(widths, seed):
    for net in (
        init.gaussian(widths, seed=seed),
        init.standard(widths, seed=seed),
        init.orthogonal(widths, seed=seed),
        init.low_rank(widths, rank=1, seed=seed),
        init.lora(widths, seed=seed),
    ):
        assert net.widths == widths
        assert np.isfinite(net.to_vector()).all()


@identity
@given(widths_strategy, seeds)
def test_doubling_the_scale_doubles_the_weights_exactly(widths, seed):
    for start in (init.gaussian, init.orthogonal, init.lora):
        once = start(widths, scale=0.375, seed=seed).to_vector()
        assert np.array_equal(start(widths, scale=0.75, seed=seed).to_vector(), 2 * once)


@pytest.mark.parametrize("start", [init.gaussian, init.lora, init.orthogonal])
def test_scale_zero_gives_the_zero_network(start):
    assert not start((4, 3, 5), scale=0).to_vector().any()


def test_a_seed_repeats_a_generator_moves_on_and_none_is_fresh():
    widths = (3, 4, 2)
    assert init.gaussian(widths, seed=7) == init.gaussian(widths, seed=7)
    assert init.gaussian(widths) == init.gaussian(widths, seed=0)
    assert init.gaussian(widths, seed=7) != init.gaussian(widths, seed=8)
    rng = np.random.default_rng(7)
    assert init.gaussian(widths, seed=rng) == init.gaussian(widths, seed=7)
    assert init.gaussian(widths, seed=rng) != init.gaussian(widths, seed=7)
    assert init.gaussian(widths, seed=None) != init.gaussian(widths, seed=None)


@pytest.mark.parametrize(
    ("scheme", "variance"),
    [
        ("lecun", lambda fan_in, fan_out: 1 / fan_in),
        ("xavier", lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
        ("he", lambda fan_in, fan_out: 2 / fan_in),
        ("pytorch", lambda fan_in, fan_out: 1 / (3 * fan_in)),
    ],
)
def test_standard_schemes_have_their_variance(scheme, variance):
    for w in init.standard(WIDE, scheme=scheme, seed=1).weights:
        fan_out, fan_in = w.shape
        assert np.var(w) == pytest.approx(variance(fan_in, fan_out), rel=0.03)
        assert abs(np.mean(w)) < 4 * np.sqrt(variance(fan_in, fan_out) / w.size)


@pytest.mark.parametrize(
    ("scheme", "bound"),
    [
        ("xavier", lambda fan_in, fan_out: np.sqrt(6 / (fan_in + fan_out))),
        ("pytorch", lambda fan_in, fan_out: 1 / np.sqrt(fan_in)),
    ],
)
def test_uniform_schemes_fill_their_interval(scheme, bound):
    for w in init.standard(WIDE, scheme=scheme, seed=1).weights:
        limit = bound(w.shape[1], w.shape[0])
        assert 0.999 * limit < np.abs(w).max() <= limit
        quarter = np.mean(np.abs(w) < limit / 2)
        assert quarter == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(w.size))


@pytest.mark.parametrize("scheme", ["lecun", "he"])
def test_normal_schemes_are_normal(scheme):
    for w in init.standard(WIDE, scheme=scheme, seed=1).weights:
        size = np.sqrt((2 if scheme == "he" else 1) / w.shape[1])
        assert max(standardized(w / size)) < 4.0


def test_gain_multiplies_every_weight():
    plain = init.standard((5, 4, 3), scheme="he", seed=2).to_vector()
    assert np.array_equal(
        init.standard((5, 4, 3), scheme="he", gain=4, seed=2).to_vector(), 4 * plain
    )


@identity
@given(widths_strategy, st.floats(1e-6, 1e6), seeds)
def test_orthogonal_layers_have_orthonormal_rows_or_columns(widths, scale, seed):
    for w in init.orthogonal(widths, scale=scale, seed=seed).weights:
        small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        assert np.abs(small - scale**2 * np.eye(len(small))).max() <= 1e-13 * scale**2


def test_orthogonal_layers_are_uniform():
    draws = np.array([init.orthogonal((3, 3), seed=k).weights[0] for k in range(1000)])
    # Haar: entries have mean 0, variance 1/3, E q^4 = 3 / (3 * 5); determinants have both signs.
    assert np.abs(draws.mean(axis=0)).max() < 4 * np.sqrt(1 / 3 / 1000)
    assert np.abs((draws**2).mean(axis=0) - 1 / 3).max() < 4 * np.sqrt((1 / 5 - 1 / 9) / 1000)
    assert np.abs((draws**4).mean(axis=0) - 1 / 5).max() < 4 * np.sqrt(1 / 9 / 1000)
    assert abs(np.linalg.det(draws).mean()) < 4 / np.sqrt(1000)


@identity
@given(widths_strategy, seeds, st.data())
def test_low_rank_layers_and_partial_products_have_the_rank(widths, seed, data):
    rank = data.draw(st.integers(0, min(widths)))
    net = init.low_rank(widths, rank=rank, scale=0.5, seed=seed)
    for start, stop in itertools.combinations(range(len(widths)), 2):
        s = np.linalg.svd(net.product(start, stop), compute_uv=False)
        assert (s[rank:] <= 1e-13 * s[0]).all()
        assert rank == 0 or s[rank - 1] > 1e-12 * s[0]


def test_low_rank_entries_have_the_scale():
    for w in init.low_rank((400, 300, 500), rank=50, scale=0.2, seed=5).weights:
        assert np.var(w) == pytest.approx(0.04, rel=0.05)


@identity
@given(widths_strategy, seeds)
def test_lora_starts_at_the_zero_map_with_only_the_last_layer_zero(widths, seed):
    net = init.lora(widths, scale=0.5, seed=seed)
    assert not net.product().any()
    assert not net.weights[-1].any()
    assert all(w.all() for w in net.weights[:-1])


@identity
@given(widths_strategy, st.floats(1e-3, 1e3), seeds)
def test_near_is_at_the_distance(widths, distance, seed):
    net = init.gaussian(widths, scale=1.0, seed=1)
    moved = init.near(net, distance=distance, seed=seed)
    assert moved.widths == widths
    step = np.linalg.norm(moved.to_vector() - net.to_vector())
    rounding = 1e-15 * np.linalg.norm(net.to_vector())
    assert abs(step - distance) <= 1e-13 * distance + rounding


def test_near_at_distance_zero_is_the_network_and_directions_are_uniform():
    net = init.identity((3, 2, 3))
    assert init.near(net, distance=0.0, seed=4) == net
    steps = np.array(
        [init.near(net, distance=1.0, seed=k).to_vector() - net.to_vector() for k in range(500)]
    )
    n = net.n_params
    assert np.abs(steps.mean(axis=0)).max() < 4 * np.sqrt(1 / n / 500)
    assert np.abs(steps.T @ steps / 500 - np.eye(n) / n).max() < 4 * np.sqrt(2) / n / np.sqrt(500)


STARTS = [
    init.gaussian,
    init.standard,
    init.orthogonal,
    init.lora,
    init.balanced,
    init.identity,
    init.aligned,
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("widths", "error", "text"),
    [
        ((3,), ArgumentError, "at least two entries"),
        ((), ArgumentError, "at least two entries"),
        ((3, 0, 2), ArgumentError, "positive integers"),
        ((3, -1), ArgumentError, "positive integers"),
        ((3, 2.0), ArgumentTypeError, "entry 1 is 2.0"),
        ((3, True), ArgumentTypeError, "entry 1 is True"),
        ("32", ArgumentTypeError, "entry 0 is '3'"),
        (5, ArgumentTypeError, "sequence of integers"),
        (None, ArgumentTypeError, "sequence of integers"),
    ],
)
def test_bad_widths_are_named(start, widths, error, text):
    with pytest.raises(error, match=text) as caught:
        start(widths)
    assert "`widths`" in str(caught.value)


@pytest.mark.parametrize(
    "start", [init.gaussian, init.orthogonal, init.lora, init.balanced, init.identity]
)
@pytest.mark.parametrize(
    ("scale", "error"),
    [
        (float("nan"), ArgumentError),
        (float("inf"), ArgumentError),
        (1e151, ArgumentError),
        ("0.1", ArgumentTypeError),
        (1j, ArgumentTypeError),
        ([0.1, 0.2], ArgumentTypeError),
    ],
)
def test_bad_scales_are_named(start, scale, error):
    with pytest.raises(error, match="Argument `scale` must"):
        start((3, 2), scale=scale)


@pytest.mark.parametrize("start", [init.gaussian, init.orthogonal, init.lora, init.balanced])
def test_negative_scales_are_refused(start):
    with pytest.raises(ArgumentError, match=r"`scale` must be at least 0, but it is -0\.1"):
        start((3, 2), scale=-0.1)


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ArgumentError), (0.5, ArgumentTypeError), ("a", ArgumentTypeError)]
)
def test_bad_seeds_are_named(seed, error):
    with pytest.raises(error, match="Argument `seed` must"):
        init.gaussian((3, 2), seed=seed)


def test_unknown_schemes_are_answered_with_the_nearest():
    with pytest.raises(
        ArgumentError, match=r"'lecun'.*but it is 'pytroch'. Did you mean 'pytorch'"
    ):
        init.standard((3, 2), scheme="pytroch")
    with pytest.raises(ArgumentError, match="Argument `scheme` must be one of"):
        init.standard((3, 2), scheme=["he"])
    with pytest.raises(ArgumentError, match="Argument `gain` must be at least 0"):
        init.standard((3, 2), gain=-1.0)


def test_bad_ranks_are_named():
    with pytest.raises(ArgumentError, match="at most 2, the smallest width, but it is 3"):
        init.low_rank((3, 2, 4), rank=3)
    with pytest.raises(ArgumentError, match="`rank` must be at least 0"):
        init.low_rank((3, 2, 4), rank=-1)
    with pytest.raises(ArgumentTypeError, match="`rank` must be an integer"):
        init.low_rank((3, 2, 4), rank=1.0)


def test_near_names_its_bad_arguments():
    with pytest.raises(ArgumentTypeError, match="`net` must be a LinearNetwork"):
        init.near([[1.0]], distance=0.1)
    with pytest.raises(ArgumentError, match="`distance` must be at least 0"):
        init.near(LinearNetwork([[[1.0]]]), distance=-0.1)
