"""Settings: a state is a link, a link is a state, and every mistake has its field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinear import init
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import (
    METHODS,
    STRUCTURES,
    UPLOAD,
    Settings,
    sources,
    starts,
)

positive = st.floats(min_value=0, max_value=1e6, allow_nan=False)
seeds = st.integers(min_value=0, max_value=2**62)
digests = st.text("0123456789abcdef", min_size=16, max_size=16)


@st.composite
def data(draw):
    source = draw(st.sampled_from(["planted", "digits", "semantic_hierarchy", UPLOAD]))
    tree = {"source": source}
    for flag in ("whiten", "center", "standardize", "mean"):
        tree[flag] = draw(st.booleans())
    if source == UPLOAD:
        tree["upload"] = draw(digests)
    if source == "planted":
        s = draw(st.lists(positive, min_size=1, max_size=8))
        sizes = st.none() | st.integers(min_value=len(s), max_value=limits.WIDTH)
        tree |= {"s": s, "d_in": draw(sizes), "d_out": draw(sizes)}
        tree |= {"noise": draw(positive), "seed": draw(seeds)}
    return tree


@st.composite
def start(draw):
    name = draw(st.sampled_from(starts()))
    tree = {"name": name}
    if name == "saved":
        return tree | {"saved": draw(digests)}
    options = init.options(name)
    for field, values in (("scale", positive), ("seed", seeds)):
        if field in options:
            tree[field] = draw(st.none() | values)
    own = {
        "amplitudes": st.lists(st.floats(-9, 9), min_size=1, max_size=4),
        "delta": positive,
        "lam": st.floats(-1e3, 1e3),
        "rank": st.integers(0, 9),
        "gain": positive,
        "scheme": st.sampled_from(["he", "xavier"]),
    }
    required = {k: own[k] for k, default in options.items() if default is ...}
    optional = {k: v for k, v in own.items() if k in options and k not in required}
    return tree | {"options": draw(st.fixed_dictionaries(required, optional=optional))}


@st.composite
def nudge(draw):
    which = draw(st.sampled_from(["modes", "visit"]))
    chosen = {
        "modes": st.lists(st.integers(0, 30), unique=True, max_size=5),
        "visit": st.integers(0, 50),
    }[which]
    size = st.floats(min_value=1e-12, max_value=10)
    return {which: draw(chosen), "ray": draw(st.integers(0, 20)), "size": draw(size)}


flows = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(METHODS),
        "structure": st.none() | st.sampled_from(STRUCTURES),
        "rtol": st.floats(1e-14, 0.1),
        "t_end": st.none() | positive,
        "atol": st.none() | positive,
        "stop": st.none() | st.just("gap") | positive,
        "max_steps": st.integers(1, 10**7),
    },
)

states = st.fixed_dictionaries(
    {
        "data": data(),
        "hidden": st.lists(st.integers(1, limits.WIDTH), max_size=limits.HIDDEN_LAYERS),
        "start": start(),
        "flow": flows,
        "nudge": st.none() | nudge(),
    }
)

WORDS = ["s", "data", "d_in", "hidden", "start", "scale", "i.rank", "rtol", "saddle", "visit"]


@given(states)
def test_every_state_comes_back_from_its_link(tree):
    settings = Settings.of(tree)
    link = settings.link()
    assert Settings.from_link(link) == settings
    assert Settings.from_link(f"?{link}").link() == link
    assert re.fullmatch(r"[\w\-.~%,()\[\]:&=]*", link)


@given(states)
def test_every_state_comes_back_from_its_tree(tree):
    settings = Settings.of(tree)
    assert Settings.of(settings.tree()) == settings


@given(st.text(max_size=200))
def test_any_text_is_a_state_or_a_named_mistake(text):
    mistakes = {}
    try:
        settings = Settings.from_link(text)
    except SettingsError as error:
        mistakes = error.mistakes
    else:
        assert Settings.from_link(settings.link()) == settings
    for field, sentence in mistakes.items():
        assert field
        assert sentence.endswith((".", "?"))


def test_the_first_state_has_an_empty_link():
    assert Settings().link() == ""
    assert Settings.from_link("") == Settings()


def test_a_link_says_only_what_differs_from_the_defaults():
    settings = Settings.of(
        {
            "data": {"s": (3, 1)},
            "hidden": (4,),
            "start": {"name": "orthogonal", "scale": 1.0},
            "nudge": {"modes": ()},
        }
    )
    assert settings.link() == "s=3,1&hidden=4&start=orthogonal&saddle=none&ray=0&push=0.01"


@pytest.mark.parametrize(
    ("query", "field", "text"),
    [
        ("s=3,x", "data.s", "entry 2 must be a number, but it is 'x'."),
        ("s=-1", "data.s", "entry 1 must be at least 0, but it is -1."),
        ("s=", "data.s", "must hold 1 to 64 singular values, but it holds 0."),
        ("s=nan", "data.s", "entry 1 must be a number, but it is 'nan'."),
        ("s=3,2,1&d_in=2", "data.d_in", "must be at least 3, the number of singular values"),
        ("d_out=513", "data.d_out", "must be at most 512, but it is 513."),
        ("hidden=3,0", "hidden", "entry 2 must be at least 1, but it is 0."),
        ("hidden=3.5", "hidden", "entry 1 must be a whole number, but it is 3.5."),
        ("hidden=" + "1," * 15 + "1", "hidden", "must hold at most 15 widths, but it holds 16."),
        ("data=digtis", "data.source", "Did you mean 'digits' or"),
        ("data=upload", "data.upload", "must be given: upload a file first."),
        ("data=upload&upload=../x", "data.upload", "must be a content hash of 16 digits"),
        ("data=digits&d.rows=3", "data.options", "but it holds rows."),
        ("start=gausian", "start.name", "Did you mean 'gaussian'?"),
        ("start=low_rank", "start.options", "(rank), but rank is missing."),
        (
            "data=teacher_student",
            "data.options",
            "but widths, n_samples are missing.",
        ),
        ("start=saved", "start.saved", "must be given: open a run first."),
        ("scale=-1", "start.scale", "must be at least 0, but it is -1."),
        ("seed=1.5", "start.seed", "must be a whole number, but it is 1.5."),
        ("rtol=1", "flow.rtol", "must be at most 0.1, but it is 1."),
        ("rtol=1e-15", "flow.rtol", "must be at least 1e-14, but it is 1e-15."),
        ("method=euler", "flow.method", "must be one of 'auto', 'explicit'"),
        ("structure=none", "flow.structure", "must be one of 'laws', 'monotone'"),
        ("t_end=-1", "flow.t_end", "must be at least 0"),
        ("saddle=0,0", "nudge.modes", "must hold different indices from 0"),
        ("saddle=0&visit=1", "nudge.visit", "must be given if no modes are, and only then, but"),
        ("hidden=" + "9" * 400, "hidden", "must be a whole number"),
        ("scale=" + "9" * 400, "start.scale", "must be"),
        ("rtol=1e999", "flow.rtol", "must be a number, but it is '1e999'."),
        ("push=1", "nudge.visit", "must be given if no modes are, and only then, but"),
        ("visit=1&push=0", "nudge.size", "must be greater than 0, but it is 0."),
        ("whiten=maybe", "data.whiten", "must be on or off, but it is 'maybe'."),
        ("color=red", "link.color", "is no setting of this page."),
        ("x=" + "1" * 5000, "link", "must have at most 4000 characters, but it has 5002."),
    ],
)
def test_every_mistake_has_its_field_and_a_sentence(query, field, text):
    with pytest.raises(SettingsError) as caught:
        Settings.from_link(query)
    assert text in caught.value.mistakes[field]


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_link("s=x&hidden=0&rtol=9")
    assert set(caught.value.mistakes) == {"data.s", "hidden", "flow.rtol"}


def test_unknown_words_and_wrong_values_are_reported_together():
    with pytest.raises(SettingsError) as caught:
        Settings.from_link("s=2,abc,-1&methd=gauss&rtol=7&seed=1&seed=2")
    assert caught.value.mistakes == {
        "data.s": "entry 2 must be a number, but it is 'abc'. "
        "Entry 3 must be at least 0, but it is -1.",
        "link.methd": "is no setting of this page. Did you mean method?",
        "flow.rtol": "must be at most 0.1, but it is 7.",
        "link.seed": "must be given once, but it is given 2 times.",
    }


@pytest.mark.parametrize(
    ("query", "rest", "words"),
    [
        ("s=2,abc&hidden=5&scale=0.1", "hidden=5&scale=0.1", {"s"}),
        ("s=3,1&color=red&rtol=7&method=gauss", "s=3,1&method=gauss", {"color", "rtol"}),
        ("start=gausian&scale=7&hidden=4", "hidden=4", {"start"}),
        ("data=digtis&d.n_classes=3&rtol=0.01", "rtol=0.01", {"data"}),
        ("data=upload&upload=../x&hidden=4", "hidden=4", {"upload"}),
        ("saddle=0,0&push=0.1&s=3,1", "s=3,1", {"saddle"}),
        ("s=x&d_in=2&scale=0.1", "scale=0.1", {"s", "d_in"}),  # fewer than the default's modes
        ("data=iris&d.rows=3&scale=0.1", "data=iris&scale=0.1", {"d.*"}),
        ("start=low_rank&i.rnk=1", "", {"i.*"}),
        ("s=" + "1," * 3000, "", {"link"}),
    ],
)
def test_the_rest_of_a_link_with_mistakes_is_kept(query, rest, words):
    settings, mistakes = Settings.rescued(query)
    assert settings == Settings.from_link(rest)
    assert set(mistakes) == words


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(WORDS).flatmap(lambda word: st.text(max_size=9).map(
        lambda value: f"{word}={value}")), max_size=6).map("&".join)
)  # fmt: skip
def test_any_link_opens_and_says_what_is_wrong_with_it(query):
    settings, mistakes = Settings.rescued(query)
    assert Settings.from_link(settings.link()) == settings
    try:
        assert Settings.from_link(query) == settings
        assert not mistakes
    except SettingsError:
        assert mistakes
        assert all(sentence.endswith((".", "?")) for sentence in mistakes.values())


def test_a_start_from_a_path_is_never_taken():
    settings = Settings.from_link("start=saved&saved=0123456789abcdef&i.path=%22/etc/passwd%22")
    assert settings.start.options == {}


def test_what_belongs_to_another_choice_is_dropped():
    settings = Settings.of({"data": {"s": (3, 1), "noise": 0.1}})
    assert (
        settings.replace(**{"data.source": "digits"}).data
        == Settings.of({"data": {"source": "digits"}}).data
    )
    identity = Settings().replace(**{"start.name": "identity"})
    assert identity.start.seed is None
    assert identity.start.scale == 1e-3


def test_options_that_are_no_numbers_of_json_stay_text():
    settings = Settings.from_link("start=low_rank&i.rank=NaN")
    assert settings.start.options == {"rank": "NaN"}
    assert Settings.from_link(settings.link()) == settings


def test_replace_changes_one_field_and_keeps_the_others():
    settings = Settings().replace(**{"data.s": (2.0, 1.0), "nudge.modes": (0,)})
    assert settings.data.s == (2.0, 1.0)
    assert settings.nudge is not None
    assert settings.nudge.size == 0.01
    assert settings.replace(nudge=None, hidden=()).hidden == ()


def test_sources_and_starts_are_those_of_the_library():
    assert sources()[0] == "planted"
    assert sources()[-1] == UPLOAD
    assert "semantic_hierarchy" in sources()
    assert starts() == init.names()
