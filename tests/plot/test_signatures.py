"""All plots have one signature, and docstrings that say what is drawn, returned and refused."""

import inspect

import pytest

from deeplinear import plot

NOT_ON_AXES = {"animate", "mode_style", "style"}
FUNCTIONS = [name for name in plot.__all__ if inspect.isfunction(getattr(plot, name))]
ON_AXES = [name for name in FUNCTIONS if name not in NOT_ON_AXES]


@pytest.mark.parametrize("name", ON_AXES)
def test_axes_are_an_option_named_ax_and_are_returned(name: str) -> None:
    signature = inspect.signature(getattr(plot, name))
    ax = signature.parameters["ax"]
    assert ax.kind is inspect.Parameter.KEYWORD_ONLY
    assert ax.default is None
    assert signature.return_annotation in ("Axes", '"Axes"')


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_is_complete(name: str) -> None:
    text = inspect.getdoc(getattr(plot, name)) or ""
    assert "Examples\n--------\n>>> " in text
    if name in ON_AXES:
        summary = text.split("\n")[0]
        assert summary.startswith("Draw ")
        assert summary.endswith(".")
        for section in ("Parameters", "Returns", "Raises", "References"):
            assert f"{section}\n{'-' * len(section)}\n" in text
        for parameter in inspect.signature(getattr(plot, name)).parameters:
            assert (
                f"\n{parameter}\n" in text or f"{parameter}, " in text or f", {parameter}" in text
            )


@pytest.mark.parametrize("name", ON_AXES)
def test_what_is_drawn_has_data_of_the_same_name(name: str) -> None:
    if name in {"manifold", "phase_portrait", "surface"}:  # curves of closed forms or grown sets
        pytest.skip("it draws the object that it is given")
    assert inspect.isfunction(getattr(plot.data, name))
