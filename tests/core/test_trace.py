"""The trace context, by the rules of W3C Trace Context."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.core import TraceContext, current_trace, use_trace

# The example of https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"

contexts = st.builds(
    TraceContext,
    trace_id=st.integers(1, 2**128 - 1),
    span_id=st.integers(1, 2**64 - 1),
    sampled=st.booleans(),
    state=st.just("congo=t61rcWkgMzE"),
)


@pytest.mark.parametrize(("flags", "sampled"), [("01", True), ("00", False)])
def test_the_examples_of_the_specification(flags: str, sampled: bool) -> None:
    header = f"00-{TRACE_ID}-{SPAN_ID}-{flags}"
    context = TraceContext.from_traceparent(header, "congo=t61rcWkgMzE")
    assert context == TraceContext(
        int(TRACE_ID, 16), int(SPAN_ID, 16), sampled, "congo=t61rcWkgMzE"
    )
    assert context.to_traceparent() == header


def test_unknown_flags_are_ignored_and_not_passed_on() -> None:
    context = TraceContext.from_traceparent(f"00-{TRACE_ID}-{SPAN_ID}-ff")
    assert context is not None
    assert context.to_traceparent().endswith("-01")


@pytest.mark.parametrize(
    "header",
    [f"cc-{TRACE_ID}-{SPAN_ID}-01", f"cc-{TRACE_ID}-{SPAN_ID}-01-what-the-future-will-be-like"],
)
def test_a_future_version_is_read_as_far_as_it_is_known(header: str) -> None:
    context = TraceContext.from_traceparent(header)
    assert context is not None
    assert context.to_traceparent() == f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE_ID}-{SPAN_ID}",
        f"00-{TRACE_ID}-{SPAN_ID}-1",
        f"00-{TRACE_ID}-{SPAN_ID}-01-",
        f"00-{TRACE_ID}-{SPAN_ID}-01-more",
        f"cc-{TRACE_ID}-{SPAN_ID}-01.more",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        f"0-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID[1:]}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID[1:]}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f" 00-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-01\n",
        f"00-{TRACE_ID}-{SPAN_ID}-0\u0661",
        f"00_{TRACE_ID}_{SPAN_ID}_01",
        f"cc-{TRACE_ID}-{SPAN_ID}-01-{'x' * 300}",
    ],
)
def test_a_header_that_breaks_the_rules_is_as_good_as_none(header: str) -> None:
    assert TraceContext.from_traceparent(header) is None


def test_a_state_that_is_too_long_is_dropped_without_the_trace() -> None:
    header = f"00-{TRACE_ID}-{SPAN_ID}-01"
    kept = TraceContext.from_traceparent(header, "a=" + "b" * 510)
    dropped = TraceContext.from_traceparent(header, "a=" + "b" * 511)
    assert kept is not None
    assert dropped is not None
    assert (len(kept.state), dropped.state) == (512, "")


@given(contexts)
def test_what_is_sent_is_what_arrives(context: TraceContext) -> None:
    header = context.to_traceparent()
    assert len(header) == 55
    assert TraceContext.from_traceparent(header, context.state) == context


@given(st.text(max_size=80))
def test_junk_never_raises(header: str) -> None:
    context = TraceContext.from_traceparent(header)
    assert context is None or context.to_traceparent().startswith("00-")


@given(contexts)
def test_a_child_is_a_new_span_of_the_same_trace(context: TraceContext) -> None:
    child = context.child()
    assert (child.trace_id, child.sampled, child.state) == (
        context.trace_id,
        context.sampled,
        context.state,
    )
    assert child.span_id not in {0, context.span_id}


def test_new_traces_differ() -> None:
    one, other = TraceContext.new(), TraceContext.new(sampled=False)
    assert one.trace_id != other.trace_id
    assert (one.sampled, other.sampled) == (True, False)


async def test_tasks_work_for_the_trace_that_started_them() -> None:
    seen = []

    async def note() -> None:
        seen.append(current_trace())

    trace = TraceContext.new()
    assert current_trace() is None
    async with trio.open_nursery() as nursery:
        with use_trace(trace):
            nursery.start_soon(note)
            with use_trace(None):
                assert current_trace() is None
            assert current_trace() is trace
    assert current_trace() is None
    assert seen == [trace]


@pytest.mark.parametrize(("trace_id", "span_id"), [(0, 1), (1, 0), (1 << 128, 1), (1, 1 << 64)])
def test_identifiers_fit_into_the_header(trace_id: int, span_id: int) -> None:
    with pytest.raises(ValueError, match="must be from 1 to"):
        TraceContext(trace_id, span_id)
