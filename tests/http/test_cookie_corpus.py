"""The cases of abarth/http-state, the suite that was written along with RFC 6265.

They are read from a checkout of that repository, whose path ``HTTP_STATE_CORPUS`` has.
"""

from __future__ import annotations

import calendar
import email.utils
import json
import os
from pathlib import Path
from urllib.parse import urljoin

import pytest

from trio_helianthus.http import CookieJar
from trio_helianthus.http._cookie_parse import parse_cookie_date

pytestmark = pytest.mark.conformance

CORPUS = os.environ.get("HTTP_STATE_CORPUS", "")
HOST = "http://home.example.org:8888"
THEN = calendar.timegm((2010, 1, 1, 0, 0, 0))
"""The cases have dates that were ahead when they were written, and are not any more."""
DEVIATIONS = {
    "0028": "its expectation is a Set-Cookie field and not a Cookie; no request can have that",
    "disabled-chromium0022": "6265bis refuses a cookie with a control character",
    "disabled-chromium0023": "6265bis refuses a cookie with a control character",
    "disabled-path0029": "disabled there: no browser decodes percent signs in paths",
}


def names() -> list[str]:
    if not CORPUS:
        return []
    cases = Path(CORPUS, "tests/data/parser").glob("*-test")
    return sorted(case.name.removesuffix("-test") for case in cases)


def read(name: str) -> str:
    return Path(CORPUS, "tests/data/parser", name).read_bytes().decode("latin-1")


@pytest.mark.skipif(not CORPUS, reason="HTTP_STATE_CORPUS does not say where the cases are")
@pytest.mark.parametrize("name", names())
def test_case(name: str, request: pytest.FixtureRequest) -> None:
    if reason := DEVIATIONS.get(name):
        request.applymarker(pytest.mark.xfail(reason=reason))
    jar = CookieJar(clock=lambda: THEN)
    url = f"{HOST}/cookie-parser?{name}"
    after = f"{HOST}/cookie-parser-result?{name}"
    for line in read(f"{name}-test").split("\n"):
        field, _, value = line.partition(":")
        if field.lower() == "set-cookie":
            jar.receive(url, value.strip(" \t\r"))
        elif field.lower() == "location":
            after = urljoin(url, value.strip())
    expected = read(f"{name}-expected").strip("\n").removeprefix("Cookie: ")
    assert jar.header(after) == expected


@pytest.mark.skipif(not CORPUS, reason="HTTP_STATE_CORPUS does not say where the cases are")
@pytest.mark.parametrize("name", ["examples", "bsd-examples"])
def test_dates(name: str) -> None:
    text = Path(CORPUS, f"tests/data/dates/{name}.json").read_text("utf-8")
    for case in json.loads(text[text.index("[") :]):
        parsed = parse_cookie_date(case["test"])
        expected = case["expected"]
        if expected is None:
            assert parsed is None, case
        else:
            assert parsed == calendar.timegm(email.utils.parsedate(expected) or ()), case
