"""CSV files: what is read, and what each refusal says."""

import codecs
import time

import numpy as np
import pytest

from deeplinear import datasets
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DataFileError

GOOD = "age,income,price\n30,1.5,7\n40,-2e3,8\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path, targets="price", error=DataFileError):
    with pytest.raises(error) as caught:
        datasets.read(path, targets=targets)
    message = str(caught.value)
    assert str(path) in message
    return message


def test_targets_become_y_and_all_other_columns_x(write):
    data = datasets.read(write(GOOD), targets="price")
    np.testing.assert_array_equal(data.x, [[30, 1.5], [40, -2000]])
    np.testing.assert_array_equal(data.y, [[7], [8]])
    assert data.feature_names == ("age", "income")
    assert data.target_names == ("price",)
    assert data.name == "table"
    assert "table.csv" in data.description


@pytest.mark.parametrize("targets", ["price, age", ["price", "age"], ("price", "age")])
def test_targets_come_in_the_order_asked_for(write, targets):
    data = datasets.read(write(GOOD), targets=targets)
    assert data.target_names == ("price", "age")
    np.testing.assert_array_equal(data.y, [[7, 30], [8, 40]])
    np.testing.assert_array_equal(data.x, [[1.5], [-2000]])


def test_path_may_be_a_string_and_inputs_standardize(write):
    data = datasets.read(str(write(GOOD)), targets="price", standardize=True)
    np.testing.assert_allclose(data.x, [[-1, 1], [1, -1]])
    assert "standardized" in data.notes[0]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace(",", ";"),
        GOOD.replace(",", "\t"),
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        GOOD.replace(",", ", "),
        GOOD.rstrip("\n"),
        GOOD + "\n\n  \n",
        "\n" + GOOD,
        GOOD.replace("age", '"age"').replace("30", '"30"'),
        GOOD.replace("age,income,price", '"age";"income";"price"').replace(",", ";"),
        codecs.BOM_UTF8 + GOOD.encode(),
        codecs.BOM_UTF8 + GOOD.replace(",", ";").replace("\n", "\r\n").encode(),
    ],
    ids=[
        "semicolon", "tab", "crlf", "cr", "spaces", "no last line break", "blank lines at the end",
        "blank first line", "quoted", "quoted semicolon", "bom", "bom semicolon crlf",
    ],
)  # fmt: skip
def test_dialects_read_the_same(write, content):
    data = datasets.read(write(content), targets="price")
    np.testing.assert_array_equal(data.x, [[30, 1.5], [40, -2000]])
    np.testing.assert_array_equal(data.y, [[7], [8]])
    assert data.feature_names == ("age", "income")


def test_tsv_is_read_too(write):
    data = datasets.read(write(GOOD.replace(",", "\t"), "table.TSV"), targets="price")
    assert data.x.shape == (2, 2)


def test_a_quoted_name_may_hold_the_delimiter_and_a_line_break(write):
    path = write('"size, m2";"two\nlines";"5"" pipe"\n1;2;3\n')
    data = datasets.read(path, targets="size, m2")
    assert data.target_names == ("size, m2",)
    assert data.feature_names == ("two\nlines", '5" pipe')


def test_semicolons_in_a_name_do_not_win_over_more_commas(write):
    data = datasets.read(write("a;b,c,d\n1,2,3\n"), targets="d")
    assert data.feature_names == ("a;b", "c")


def test_names_beyond_ascii_are_kept(write):
    assert datasets.read(write("größe,y\n1,2\n"), targets="y").feature_names == ("größe",)


def test_one_row_is_enough(write):
    assert datasets.read(write("a,b\n1,2\n"), targets="b").x.shape == (1, 1)


def test_large_finite_numbers_whose_sum_overflows_are_read(write):
    data = datasets.read(write("a,b,c\n1e308,1e308,1\n"), targets="c")
    np.testing.assert_array_equal(data.x, [[1e308, 1e308]])


def test_text_is_quoted_with_row_and_column(write):
    message = refusal(write(GOOD.replace("-2e3", "lots")))
    assert "row 3, column `income`, must be a number, but it is the text 'lots'" in message


def test_long_text_is_cut(write):
    message = refusal(write(GOOD.replace("-2e3", "z" * 500)))
    assert f"'{'z' * 40}...'" in message
    assert "z" * 41 not in message


def test_blank_lines_count_as_rows_of_the_spreadsheet(write):
    message = refusal(write("a,price\n1,2\n\n\n3,x\n"))
    assert "row 5, column `price`" in message


def test_a_cell_with_a_line_break_counts_as_one_row(write):
    message = refusal(write('"a\nb",price\n1,2\n3,x\n'))
    assert "row 3, column `price`" in message


def test_a_decimal_comma_has_its_own_remedy(write):
    message = refusal(write("a;price\n1,5;2\n"))
    assert "row 2, column `a`, must be a number, but it is the text '1,5'" in message
    assert "point" in message


@pytest.mark.parametrize("text", ["1_000", "0x10", "1 2", "True", "12%", "1\x00"])
def test_what_a_spreadsheet_would_not_call_a_number_is_text(write, text):
    message = refusal(write(f"a,price\n{text},2\n"))
    assert "row 2, column `a`, must be a number, but it is the text" in message


@pytest.mark.parametrize("text", ["NA", "n/a", "NaN", "nan", "null", "None", "#N/A", "?"])
def test_a_missing_value_is_named_as_written(write, text):
    message = refusal(write(f"a,b,price\n1,2,3\n1,{text},3\n"))
    assert (
        f"row 3, column `b`, must be a number, but the value is missing (written as {text!r})"
        in (message)
    )


@pytest.mark.parametrize("text", ["", "   ", '""'])
def test_a_blank_cell_is_missing(write, text):
    message = refusal(write(f"a,b,price\n1,{text},3\n"))
    assert "row 2, column `b`, must be a number, but the value is missing" in message
    assert "cell is blank" in message


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_infinite_values_are_refused(write, text):
    message = refusal(write(f"a,price\n1,2\n3,{text}\n"))
    assert f"row 3, column `price`, must be finite, but it is {text!r}" in message


@pytest.mark.parametrize(("line", "count"), [("1,2", 2), ("1,2,3,4", 4), ("1", 1)])
def test_ragged_rows_are_refused(write, line, count):
    message = refusal(write(f"{GOOD}{line}\n"))
    assert f"row 4, must have 3 cells, as the header has, but it has {count}" in message


def test_an_unknown_target_suggests_the_nearest_and_lists_the_columns(write):
    message = refusal(write(GOOD), targets="age,prise", error=ArgumentError)
    assert "`targets`" in message
    assert "it names 'prise'. Did you mean 'price'?" in message
    assert "age, income, price" in message


def test_a_header_of_numbers_is_suspected(write):
    message = refusal(write("5.1,3.5,0\n4.9,3.0,1\n"), targets="species", error=ArgumentError)
    assert "is the row of names missing?" in message


def test_many_columns_are_listed_in_short(write):
    names = ",".join(f"c{k}" for k in range(500))
    message = refusal(write(f"{names}\n"), targets="zzz", error=ArgumentError)
    assert "c0, c1," in message
    assert "..., c499" in message
    assert len(message) < 500


def test_targets_are_required(write):
    message = refusal(write(GOOD), targets=None, error=ArgumentError)
    assert "`targets` must name the target columns" in message
    assert "age, income, price" in message


@pytest.mark.parametrize("targets", [[], ()])
def test_empty_targets_are_refused(write, targets):
    assert "at least one column" in refusal(write(GOOD), targets=targets, error=ArgumentError)


def test_all_columns_as_targets_leave_no_input(write):
    message = refusal(write(GOOD), targets="age,income,price", error=ArgumentError)
    assert "leave at least one column" in message
    assert "names all 3" in message


def test_a_repeated_target_is_refused(write):
    with pytest.raises(ArgumentError, match="it names 'age' twice"):
        datasets.read(write(GOOD), targets="age,age")


@pytest.mark.parametrize("targets", [3, [1], [None]])
def test_targets_of_the_wrong_type_are_refused(write, targets):
    with pytest.raises(ArgumentTypeError, match="`targets` must be a list of column names"):
        datasets.read(write(GOOD), targets=targets)


def test_duplicate_names_are_refused(write):
    message = refusal(write("a,b,a,price\n1,2,3,4\n"))
    assert "row 1, must have distinct column names, but 'a' names columns 1 and 3" in message


def test_a_column_without_a_name_is_refused(write):
    message = refusal(write(",a,price\n0,1,2\n"))
    assert "row 1, must name every column, but column 1 of 3 has no name" in message


@pytest.mark.parametrize("content", ["", "\n\n", codecs.BOM_UTF8])
def test_an_empty_file_is_refused(write, content):
    assert "header row of column names, but it is empty" in refusal(write(content))


@pytest.mark.parametrize("content", ["a,price\n", "a,price", "a,price\n\n\n"])
def test_a_header_alone_is_refused(write, content):
    assert "must have rows of numbers below its header, but it has none" in refusal(write(content))


@pytest.mark.parametrize("content", ["price\n1\n", "a|price\n1|2\n", "a price\n1 2\n"])
def test_one_column_is_refused(write, content):
    message = refusal(write(content))
    assert "at least two columns" in message
    assert repr(content.split("\n")[0]) in message


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a,price\n1,2\n\u00e9,3\n".encode("latin-1"), 3),
        (("a,price\n" + "1,2\n" * 9000).encode() + b"\xff,3\n", 9002),
        (GOOD.encode("utf-16"), 1),
    ],
)
def test_text_that_is_not_utf8_is_refused_with_its_line(write, content, line):
    message = refusal(write(content))
    assert f"must be UTF-8 text, but line {line} is not" in message
    assert "CSV UTF-8" in message


@pytest.mark.parametrize("content", ['a,price\n1,2\n"3,4\n5,6\n', 'a,price\n1,2\n"3"x,4\n'])
def test_broken_quotation_is_refused_with_its_row(write, content):
    message = refusal(write(content))
    assert "row 3, must be valid CSV" in message
    assert "quotation marks" in message


def test_random_damage_never_escapes_as_another_error(write):
    rng = np.random.default_rng(0)
    outcomes = []
    for _ in range(300):
        content = bytearray((GOOD + '"1","2",3\n').encode())
        for _ in range(rng.integers(1, 4)):
            content[rng.integers(len(content))] = rng.integers(256)
        path = write(bytes(content[: rng.integers(1, len(content))]))
        try:
            outcomes.append(bool(np.isfinite(datasets.read(path, targets="price").x).all()))
        except (DataFileError, ArgumentError) as error:
            outcomes.append("table.csv" in str(error))
    assert all(outcomes)


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds(write):
    values = np.random.default_rng(0).standard_normal((1000, 20))
    block = "\n".join(",".join(map(repr, row)) for row in values.tolist()) + "\n"
    path = write(",".join(f"c{k}" for k in range(20)) + "\n" + block * 100)
    start = time.process_time()
    data = datasets.read(path, targets="c0,c19")
    assert time.process_time() - start < 10
    assert data.x.shape == (100_000, 18)
    np.testing.assert_array_equal(data.x[99_000:], values[:, 1:19])


def test_the_columns_are_those_of_the_header(write):
    assert datasets.columns(write(GOOD)) == ("age", "income", "price")
    assert datasets.columns(write("a;b\n1;2\n", "table.tsv")) == ("a", "b")


@pytest.mark.parametrize("content", ["", "a,a\n1,2\n", "a\n1\n", b"\xff,b\n"])
def test_a_table_without_a_header_has_no_columns(write, content):
    path = write(content)
    with pytest.raises(DataFileError) as caught:
        datasets.columns(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_has_no_columns(tmp_path):
    with pytest.raises(DataFileError, match="must be readable"):
        datasets.columns(tmp_path / "gone.csv")


def test_a_header_of_very_many_names_is_read_in_time(write):
    names = ",".join(f"c{k}" for k in range(200_000))
    began = time.perf_counter()
    assert len(datasets.columns(write(f"{names}\n"))) == 200_000
    assert time.perf_counter() - began < 20  # a quadratic search takes minutes
