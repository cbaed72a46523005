from __future__ import annotations

import pytest

from trio_helianthus.http import Query


def test_values_are_decoded_and_may_repeat() -> None:
    query = Query("tag=a&tag=b+c&name=J%C3%BCrgen&empty=&bare")
    assert query["tag"] == "a"
    assert query.get_all("tag") == ["a", "b c"]
    assert query["name"] == "Jürgen"
    assert query["empty"] == query["bare"] == ""
    assert list(query) == ["tag", "name", "empty", "bare"]
    assert len(query) == 4
    assert query.pairs[1] == ("tag", "b c")


def test_what_is_missing() -> None:
    query = Query()
    assert query.get("page", "1") == "1"
    assert query.get_all("page") == []
    with pytest.raises(KeyError):
        query["page"]


def test_junk_is_text_of_some_kind() -> None:
    assert Query("a=%ff&%zz=1&&=")["a"] == "�"
    assert repr(Query("a=1")) == "Query([('a', '1')])"
