"""Starlette's own tests, with its test client replaced by one that talks to a live server of ours.

``HELIANTHUS_STARLETTE`` is the folder of an unpacked source distribution of the Starlette version
that is installed; ``pip download --no-binary :all: --no-deps starlette`` fetches it. Its tests also
need httpx2, itsdangerous, jinja2, PyYAML and opentelemetry-sdk.

Only tests that use the client take part, with anyio's trio backend; ``test_testclient.py``, which
is about the client itself, does not. Tests of WebSockets are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

import trio_helianthus

pytestmark = pytest.mark.conformance

HERE: Final = Path(__file__).parent

CANNOT_BE_SENT: Final = "the client's library does not send what the test is about"
NOT_SHOWN: Final = "the client's library does not show trailers"
IN_PROCESS: Final = "asks for what only a client in the same process has"
HOST_IS_STRICT: Final = "our server refuses this Host itself, with 400"
STATUS: Final = "a final answer with an informational status, which HTTP does not have"
PUSH: Final = "the app pushes where the server has not offered it"

DOES_NOT_PASS: Final = {
    "test_received_bytes_are_counted_with_unreliable_content_length": CANNOT_BE_SENT,
    "test_cookies_invalid[trio-  =  b  ;  ;  =  ;   c  =  ;  -expected4]": CANNOT_BE_SENT,
    r"test_staticfiles_304_with_if_none_match_wildcard[trio- \t* \t-GET]": CANNOT_BE_SENT,
    r"test_staticfiles_304_with_if_none_match_wildcard[trio- \t* \t-HEAD]": CANNOT_BE_SENT,
    "test_gzip_trailers[trio-True-gzip]": NOT_SHOWN,
    "test_gzip_trailers[trio-True-identity]": NOT_SHOWN,
    "test_gzip_trailers[trio-False-gzip]": NOT_SHOWN,
    "test_gzip_trailers[trio-False-identity]": NOT_SHOWN,
    "test_gzip_excluded_content_type_trailers": NOT_SHOWN,
    "test_http_span_uses_route_and_semantic_attributes": IN_PROCESS,  # the port 80
    "test_force_500_response": IN_PROCESS,  # an empty page behind 500, where ours says something
    "test_https_redirect_middleware": HOST_IS_STRICT,
    "test_https_redirect_middleware_without_server[trio-testserver:65536]": HOST_IS_STRICT,
    "test_https_redirect_middleware_without_server[trio-[:::]]": HOST_IS_STRICT,
    "test_trusted_host_middleware_ipv6[trio-[v1.foo]-200]": HOST_IS_STRICT,
    "test_trusted_host_middleware_ipv6[trio-api_service:000080-200]": HOST_IS_STRICT,
    "test_trusted_host_middleware_ipv6[trio-api_service:65536-200]": HOST_IS_STRICT,
    "test_trusted_host_middleware_ipv6[trio-api_service:100000-200]": HOST_IS_STRICT,
    "test_host_routing_rejects_invalid_hosts[trio-api.example.org:evil]": HOST_IS_STRICT,
    "test_host_routing_rejects_invalid_hosts[trio-[:::]]": HOST_IS_STRICT,
    "test_host_routing_ignores_port[trio-api.example.org:000080]": HOST_IS_STRICT,
    "test_host_routing_ignores_port[trio-api.example.org:65536]": HOST_IS_STRICT,
    "test_host_routing_ignores_port[trio-api.example.org:100000]": HOST_IS_STRICT,
    "test_host_routing_ip_literals": HOST_IS_STRICT,
    "test_request_send_push_promise": PUSH,
    "test_response_phrase": STATUS,
}
"""With Starlette 1.10, by the name of the test; the parameter "trio" alone is left out."""

if hasattr(os, "geteuid") and os.geteuid() == 0:
    DOES_NOT_PASS["test_staticfiles_with_invalid_dir_permissions_returns_401"] = (
        "root may read every folder"
    )


def test_starlettes_own_tests_pass_over_sockets(tmp_path: Path) -> None:
    source = os.environ.get("HELIANTHUS_STARLETTE")
    if source is None:
        pytest.skip("HELIANTHUS_STARLETTE says where the source distribution is")
    # Its tests, beside the package that is installed and not beside that of the distribution.
    shutil.copytree(Path(source, "tests"), tmp_path / "tests")
    shutil.copy(Path(source, "pyproject.toml"), tmp_path)
    report = tmp_path / "report.xml"
    paths = [str(HERE), str(Path(trio_helianthus.__file__).parent.parent)]
    command = [
        *[sys.executable, "-m", "pytest", "-q", "-p", "_starlette_live_client"],
        *["-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}", "tests"],
        "--deselect=tests/test_testclient.py",
        # Left to the garbage collector by a test or an app, and told in whichever test runs then.
        "-Wignore:Unclosed <MemoryObject:ResourceWarning",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=False, text=True
    )
    print(done.stdout[-20_000:])
    assert report.exists(), done.stderr
    cases = list(ET.parse(report).getroot().iter("testcase"))
    failed = {_name(case) for case in cases if case.find("failure") is not None}
    errors = {_name(case) for case in cases if case.find("error") is not None}
    passed = [case for case in cases if len(case) == 0]
    print(f"{len(passed)} pass, {len(failed)} do not")
    assert failed == set(DOES_NOT_PASS)
    assert errors == set()
    assert len(passed) > 400


def _name(case: ET.Element) -> str:
    return re.sub(r"\[trio\]$", "", case.attrib["name"])
