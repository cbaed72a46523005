from __future__ import annotations

import pytest

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.http import Headers, Response, _answer
from trio_helianthus.http._answer import (
    MAX_KEPT_BYTES,
    MAX_KEPT_HEADS,
    MAX_KEPT_LINE,
    AnswerHeads,
    answer_head,
)


def make(*fields: tuple[bytes, bytes], status: int = 200) -> Response:
    return Response.from_wire(status, fields)


SERVER = (b"Server", b"sunflower")


def without_date(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.startswith(b"Date: ")]


@pytest.mark.parametrize("status", [200, 404, 299])
def test_a_head_is_the_same_whether_it_was_made_at_once_or_of_lines(status: int) -> None:
    heads = AnswerHeads()
    for number in (b"1", b"2", b"2", b"2"):
        fields = (SERVER, (b"X-Request-ID", number), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b"))
        head = heads.head_of(make(*fields, status=status))
        assert without_date(head.render()) == without_date(answer_head(status, fields).render())
        assert head.status == status


def test_a_head_that_comes_again_is_kept() -> None:
    heads = AnswerHeads()
    first, second, third = (heads.head_of(make(SERVER)) for _ in range(3))
    assert first is not second
    assert second is third


def test_values_that_never_come_again_keep_nothing_out() -> None:
    heads = AnswerHeads()
    usual = [heads.head_of(make(SERVER)) for _ in range(2)][1]
    for number in range(2 * MAX_KEPT_HEADS):
        heads.head_of(make(SERVER, (b"X-Request-ID", b"%d" % number)))
    assert heads.head_of(make(SERVER)) is usual
    assert len(heads._lines) <= MAX_KEPT_HEADS


def test_a_long_line_is_sent_and_not_kept() -> None:
    heads = AnswerHeads()
    line = b"A: " + b"b" * MAX_KEPT_LINE
    assert line in heads.head_of(make((b"A", line[3:]))).render()
    assert not heads._lines


@pytest.mark.parametrize(
    "field",
    [(b"A", b"b\r\nC: d"), (b"A", b" b"), (b"A b", b"c"), (b"Transfer-Encoding", b"chunked")],
)
def test_what_cannot_be_sent_is_refused_each_time(field: tuple[bytes, bytes]) -> None:
    heads = AnswerHeads()
    for _ in range(3):
        with pytest.raises(LocalProtocolError):
            heads.head_of(make(SERVER, field))


def test_what_a_handler_says_about_the_connection_is_understood() -> None:
    heads = AnswerHeads()
    for _ in range(3):
        assert heads.head_of(make((b"Connection", b"close"))).close
        assert heads.head_of(make((b"Content-Length", b"7"))).length == b"7"
        assert heads.head_of(make((b"Date", b"today"))).render().count(b"Date") == 1
        assert not heads.head_of(make(SERVER)).close


def test_a_long_head_is_sent_and_not_kept_by_identity() -> None:
    heads = AnswerHeads()
    fields = Headers.from_wire([(b"A", b"b" * MAX_KEPT_BYTES)])
    response = Response.from_wire(404, fields)
    assert response.shared_headers is fields
    assert fields.raw[0][1] in heads.head_of(response).render()
    assert fields.raw[0][1] in (heads.plain(fields) or b"")
    assert not heads._shared
    assert not heads._plain


def test_equal_fields_of_many_answers_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = AnswerHeads()
    for _ in range(2):
        expected = heads.plain(Headers.from_wire([SERVER]))
    monkeypatch.delattr(_answer, "answer_head")
    monkeypatch.setattr(AnswerHeads, "_add_line", None)
    assert heads.plain(Headers.from_wire([SERVER])) == expected
