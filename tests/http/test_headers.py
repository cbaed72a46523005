from __future__ import annotations

import pytest

from trio_helianthus.http import Headers


def test_names_are_found_in_any_case_and_keep_the_one_they_were_given() -> None:
    headers = Headers({"X-Colour": "green"})
    assert headers["x-colour"] == headers["X-COLOUR"] == "green"
    assert "x-Colour" in headers
    assert list(headers) == ["X-Colour"]


def test_several_fields_of_one_name_are_joined_or_given_one_by_one() -> None:
    headers = Headers([("Accept", "text/html"), ("Host", "a"), ("accept", "*/*")])
    assert headers["ACCEPT"] == "text/html, */*"
    assert headers.get_all("accept") == ["text/html", "*/*"]
    assert headers.pairs == [("Accept", "text/html"), ("Host", "a"), ("accept", "*/*")]
    assert list(headers.items()) == [("Accept", "text/html, */*"), ("Host", "a")]
    assert len(headers) == 2


def test_a_name_that_is_missing() -> None:
    headers = Headers()
    assert headers.get("nothing") is None
    assert headers.get_all("nothing") == []
    assert 42 not in headers  # type: ignore[comparison-overlap]
    with pytest.raises(KeyError):
        headers["nothing"]
    with pytest.raises(KeyError):
        del headers["nothing"]


def test_assigning_replaces_every_field_of_the_name_in_place_of_the_first() -> None:
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3"), ("C", "4")])
    headers["a"] = "new"
    headers["D"] = "5"
    assert headers.pairs == [("a", "new"), ("B", "2"), ("C", "4"), ("D", "5")]


def test_adding_keeps_and_deleting_takes_all() -> None:
    headers = Headers({"Set-Cookie": "a=1"})
    headers.add("Set-Cookie", "b=2")
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    del headers["SET-COOKIE"]
    assert headers.pairs == []


def test_a_copy_is_independent() -> None:
    headers = Headers({"A": "1"})
    copy = headers.copy()
    copy["A"] = "2"
    assert headers["A"] == "1"


def test_equality_ignores_the_case_of_names_only() -> None:
    assert Headers({"A": "x"}) == Headers({"a": "x"})
    assert Headers({"A": "x"}) != Headers({"A": "X"})
    assert Headers({"A": "x"}) != {"A": "x"}
    with pytest.raises(TypeError):
        hash(Headers())


def test_bytes_go_both_ways() -> None:
    fields = [(b"x-name", b"J\xfcrgen"), (b"x-name", b"")]
    assert Headers.from_wire(fields)["x-name"] == "Jürgen, "
    assert Headers.from_wire(fields).raw == tuple(fields)


@pytest.mark.parametrize("name", ["", "two words", "colon:", "ümlaut", "line\n", "tab\t"])
def test_a_name_must_be_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="invalid header name"):
        Headers([(name, "x")])


@pytest.mark.parametrize(
    "value", ["a\r\nX-Evil: 1", "a\nb", "nul\0", " x", "x\t", "snow ☃", "\x7f"]
)
def test_a_value_has_no_line_break_or_other_surprise(value: str) -> None:
    headers = Headers()
    with pytest.raises(ValueError, match="invalid value"):
        headers["X"] = value
    with pytest.raises(ValueError, match="invalid value"):
        headers.add("X", value)


def test_the_repr_shows_every_field() -> None:
    assert repr(Headers([("A", "1"), ("A", "2")])) == "Headers([('A', '1'), ('A', '2')])"
