"""`deeplinear explore`: what it passes on, what it prints, and its errors."""

import json

import pytest

from deeplinear._core.errors import MissingExtraError

LINK = "http://127.0.0.1:8421/"


@pytest.fixture
def served(monkeypatch):
    """Record what would be served; it ends at once, as after Ctrl-C."""
    calls = []

    def explore(target, *, ready, **options):
        calls.append((target, options))
        ready(LINK)
        print("said while serving")

    monkeypatch.setattr("deeplinear.explorer.explore", explore)
    return calls


def test_it_prints_the_address_in_one_line(cli, served):
    result = cli("explore")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"Explore at {LINK}  (Ctrl-C ends it)\nsaid while serving\n"
    assert served == [(None, {"host": "127.0.0.1", "port": None, "show": True})]


def test_a_long_address_has_the_line_to_itself(cli, monkeypatch):
    link = f"http://a-machine.of.the.institute:8421/?token={'x' * 32}"
    monkeypatch.setattr(
        "deeplinear.explorer.explore", lambda target, *, ready, **options: ready(link)
    )
    assert cli("explore").out == f"Explore at {link}\n"


def test_options_and_target_are_passed_on(cli, served):
    words = ["explore", "digits", "--host", "0.0.0.0", "--port", "9000", "--no-browser"]
    assert cli(*words).code == 0
    assert served == [("digits", {"host": "0.0.0.0", "port": 9000, "show": False})]


def test_json_is_one_document_with_the_address(cli, served):
    result = cli("explore", "--json")
    assert result.document == {"ok": True, "exit_code": 0, "address": LINK}
    assert result.err == "said while serving\n"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nowhere"], "Argument `RUN | DATA` must be the folder of a run"),
        (["--port", "many"], "Option `--port` must be an integer, but it is 'many'."),
        (["--port", "70000"], "Option `--port` must be at most 65535"),
        (["--host", "192.0.2.1"], "Option `--host` must be an address of this machine"),
    ],
)
def test_wrong_use_is_named_as_the_command_line_names_it(cli, words, text):
    result = cli("explore", *words)
    assert result.code == 2
    assert text in result.err
    document = cli("explore", "--json", *words).document
    assert text in document["error"]["message"]


def test_a_missing_extra_is_an_error_with_the_command_that_installs_it(cli, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = cli("explore", "--json")
    assert result.code == 2
    error = json.loads(result.out)["error"]
    assert error["type"] == MissingExtraError.__name__
    assert 'pip install "deeplinear[explorer]"' in error["message"]
