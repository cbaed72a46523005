"""Credentials: who sees them, and what a refusal leads to."""

from __future__ import annotations

import base64
import netrc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio

from trio_helianthus import errors, http
from trio_helianthus.http import (
    BasicAuth,
    BearerAuth,
    Client,
    ClientRequest,
    DigestAuth,
    NetrcAuth,
    Request,
    Response,
    ResponseHead,
    Router,
    open_client,
)
from trio_helianthus.http._challenges import parse_challenges
from trio_helianthus.testing import cancel_sweep

if TYPE_CHECKING:
    from tests.http.conftest import Serve

router = Router()


@router.get("/auth")
async def show(request: Request) -> str:
    return request.headers.get("authorization", "nobody")


@router.get("/away/{port:int}")
async def away(request: Request) -> Response:
    return Response.redirect(f"http://127.0.0.1:{request.path_params['port']}/auth")


@router.route("/renew", methods=["GET", "POST"])
async def only_the_newest(request: Request) -> Response:
    body = await request.read()
    if request.headers.get("authorization") != "Bearer 3":
        return Response.text("too old", status=401)
    return Response(body or b"welcome")


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_who_is_sent(serve: Serve) -> None:
    server = await serve(router)
    at = server.url.replace("http://", "http://url:s%3Ax@")
    async with open_client(server.url, auth=("client", "c")) as client:
        assert (await client.get("/auth")).text == basic("client", "c")
        assert (await client.get("/auth", auth=("call", "ü"))).text == basic("call", "ü")
        assert (await client.get("/auth", auth=BearerAuth("t"))).text == "Bearer t"
        assert (await client.get("/auth", headers={"Authorization": "own"})).text == "own"
        assert (await client.get(f"{at}/auth")).text == basic("url", "s:x")
        assert (await client.get("/auth", auth=lambda *_: None)).text == "nobody"
        async with client.stream("GET", "/auth") as response:
            assert (await response.read()).decode() == basic("client", "c")
    async with open_client(at) as client:
        assert (await client.get("/auth")).text == basic("url", "s:x")
        assert (await client.get(f"{server.url}/auth")).text == basic("url", "s:x")
    async with open_client() as client:
        answer = await client.get(f"{at}/auth")
        assert answer.text == basic("url", "s:x")
        assert "url" not in answer.url


async def test_credentials_with_a_base_are_for_its_origin(serve: Serve) -> None:
    server, other = await serve(router), await serve(router)
    async with open_client(server.url, auth=("a", "b"), follow_redirects=True) as client:
        assert (await client.get(f"{other.url}/auth")).text == "nobody"
        assert (await client.get(f"/away/{other.port}")).text == "nobody"
        assert (await client.get(f"/away/{server.port}")).text == basic("a", "b")
    async with open_client(auth=("a", "b")) as client:
        assert (await client.get(f"{other.url}/auth")).text == basic("a", "b")


class Renewing:
    """An authentication that asks for a new token when the old one is refused."""

    def __init__(self) -> None:
        self.token = 0
        self.seen: list[int] = []

    async def __call__(
        self, request: ClientRequest, answer: ResponseHead | None
    ) -> dict[str, str] | None:
        await trio.lowlevel.checkpoint()
        if answer is not None:
            self.seen.append(answer.status)
            if answer.status != 401:
                return None
            self.token += 1
        return {"Authorization": f"Bearer {self.token}"}


async def test_a_refusal_can_be_answered(serve: Serve) -> None:
    server = await serve(router)
    auth = Renewing()
    async with open_client(server.url) as client:
        answer = await client.post("/renew", auth=auth, content=b"x")
        assert (answer.text, [one.status for one in answer.history]) == ("x", [401, 401, 401])
        assert answer.request.headers["authorization"] == "Bearer 3"
        assert auth.seen == [401, 401, 401, 200]
        async with client.stream("GET", "/renew", auth=Renewing()) as response:
            assert (response.status, len(response.history)) == (200, 3)


async def test_not_for_ever_and_not_what_cannot_be_sent_again(serve: Serve) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    async def handler(request: Request) -> Response:
        await request.read()
        return Response(status=401)

    server = await serve(handler)
    auth = Renewing()
    async with open_client(server.url, auth=auth) as client:
        assert (await client.get("/")).status == 401
        assert auth.token == 8
        assert (await client.post("/", content=pieces())).status == 401
        assert auth.token == 8


async def test_what_authentication_raises_comes_out(serve: Serve) -> None:
    def broken(request: ClientRequest, answer: ResponseHead | None) -> None:
        raise KeyError("no token")

    server = await serve(router)
    async with open_client(server.url) as client:
        with pytest.raises(KeyError):
            await client.get("/auth", auth=broken)
        with pytest.raises(ValueError, match="invalid value"):
            await client.get("/auth", auth=lambda *_: {"Authorization": "a\r\nb"})
        for wrong in ("user:password", ("user",), ("user", None)):
            with pytest.raises(TypeError):
                await client.get("/auth", auth=wrong)  # type: ignore[arg-type]
        for user, password in (("a:b", "c"), ("a", "b\n")):
            with pytest.raises(ValueError):
                await client.get("/auth", auth=(user, password))
        for token in ("", "a b", "ü", "a\n"):
            with pytest.raises(ValueError):
                BearerAuth(token)
        assert (await client.get("/auth")).text == "nobody"


async def test_waiting_for_a_token_counts(
    serve: Serve, autojump_clock: trio.testing.MockClock
) -> None:
    async def slow(request: ClientRequest, answer: ResponseHead | None) -> None:
        await trio.sleep(60)

    server = await serve(router)
    async with open_client(server.url) as client:
        with pytest.raises(errors.OperationTimeout):
            await client.get("/auth", auth=slow, timeout=5)


async def test_a_client_that_was_closed_meanwhile_makes_no_connection(serve: Serve) -> None:
    waits, go_on = trio.Event(), trio.Event()

    async def slow(request: ClientRequest, answer: ResponseHead | None) -> None:
        waits.set()
        await go_on.wait()

    async def call(client: Client) -> None:
        with pytest.raises(errors.ResourceClosed, match="the client is closed"):
            await client.get("/auth", auth=slow)

    server = await serve(router)
    async with trio.open_nursery() as nursery:
        async with open_client(server.url) as client:
            nursery.start_soon(call, client)  # noqa: ASYNC111 - it is to outlive the client
            await waits.wait()
        go_on.set()


async def test_netrc_has_credentials_for_every_host(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login ada password engine\ndefault login x password y\n")
    file.chmod(0o600)
    server, other = await serve(router), await serve(router)
    auth = NetrcAuth(file)
    async with open_client(server.url, auth=auth, follow_redirects=True) as client:
        assert (await client.get(f"/away/{other.port}")).text == basic("ada", "engine")
        local = f"http://localhost:{server.port}/auth"
        assert (await client.get(local, auth=auth)).text == "nobody"
    file.write_text("what is this")
    with pytest.raises(netrc.NetrcParseError):
        NetrcAuth(file)
    with pytest.raises(FileNotFoundError):
        NetrcAuth(tmp_path / "none")


@pytest.mark.parametrize(
    ("field", "challenges"),
    [
        ('Basic realm="a, b"', [("basic", {"realm": "a, b"})]),
        ('Basic realm="say \\"hi\\""', [("basic", {"realm": 'say "hi"'})]),
        ("Negotiate, Basic realm=x", [("negotiate", {}), ("basic", {"realm": "x"})]),
        (
            'Digest realm=a , nonce="b" ,, qop="auth,auth-int",Basic realm=c',
            [
                ("digest", {"realm": "a", "nonce": "b", "qop": "auth,auth-int"}),
                ("basic", {"realm": "c"}),
            ],
        ),
        ("NTLM TlRMTVNTUAAC==, Basic realm=x", [("ntlm", {}), ("basic", {"realm": "x"})]),
        ("Basic realm=x realm=y", [("basic", {})]),
        ("", []),
        ("=", []),
    ],
)
def test_challenges(field: str, challenges: list[Any]) -> None:
    assert [(one.scheme, one.parameters) for one in parse_challenges([field])][
        : len(challenges)
    ] == challenges


class TestDigest:
    @pytest.mark.parametrize(
        ("algorithm", "response"),
        [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ],
    )
    async def test_the_examples_of_the_rfc(
        self, algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """RFC 7616 section 3.9.1."""
        cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
        monkeypatch.setattr(
            "trio_helianthus.http._digest_auth.secrets.token_hex", lambda size: cnonce
        )
        refused = ResponseHead(
            method="GET",
            url="http://www.example.org/dir/index.html",
            status=401,
            reason="",
            headers=http.Headers(
                {
                    "WWW-Authenticate": f'Digest realm="http-auth@example.org", qop="auth, '
                    f'auth-int", algorithm={algorithm}, '
                    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
                    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
                }
            ),
            http_version="1.1",
        )
        request = ClientRequest("GET", refused.url, http.Headers(), b"")
        auth = DigestAuth("Mufasa", "Circle of Life")
        assert auth(request, None) is None
        fields = auth(request, refused)
        assert fields is not None
        sent = http.Headers(fields)["Authorization"]
        assert f'response="{response}"' in sent
        assert 'username="Mufasa"' in sent
        assert "nc=00000001" in sent

    async def test_a_wrong_password_is_tried_once(self, serve: Serve) -> None:
        asked: list[str] = []

        async def handler(request: Request) -> Response:
            asked.append(request.headers.get("authorization", ""))
            stale = ", stale=true" if len(asked) == 2 else ""
            challenge = f'Digest realm="r", nonce="n{len(asked)}", qop="auth"{stale}'
            return Response(status=401, headers={"WWW-Authenticate": challenge})

        server = await serve(handler)
        async with open_client(server.url, auth=DigestAuth("ada", "wrong")) as client:
            assert (await client.get("/")).status == 401
        assert [bool(one) for one in asked] == [False, True, True]
        assert 'nonce="n2"' in asked[2]

    async def test_servers_old_and_odd(self, serve: Serve) -> None:
        """An old server without qop, and one with a user name that is not ASCII."""

        async def handler(request: Request) -> Response:
            if "authorization" in request.headers:
                return Response.text(request.headers["authorization"])
            return Response(
                status=401,
                headers=[
                    ("WWW-Authenticate", "Basic realm=x"),
                    ("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=TIGER'),
                    ("WWW-Authenticate", 'Digest realm="r", nonce="n", algorithm=MD5-sess'),
                ],
            )

        server = await serve(handler)
        async with open_client(server.url, auth=DigestAuth("Jäsøn", "p")) as client:
            said = (await client.get("/")).text
        assert "username*=UTF-8''J%C3%A4s%C3%B8n" in said
        assert "qop" not in said


async def test_httpx_computes_the_same_digest(serve: Serve) -> None:
    httpx = pytest.importorskip("httpx", reason="compares with httpx")

    seen: list[str] = []

    async def handler(request: Request) -> Response:
        field = request.headers.get("authorization", "")
        if not field:
            challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, opaque="o"'
            return Response(status=401, headers={"WWW-Authenticate": challenge})
        seen.append(field)
        return Response()

    server = await serve(handler)
    async with open_client(server.url) as client:
        await client.get("/x?y=1", auth=DigestAuth("ada", "engine"))
    theirs = httpx.DigestAuth("ada", "engine")
    (ours,) = seen
    challenge, _ = parse_challenges([ours]), theirs
    said = challenge[0].parameters
    theirs._get_client_nonce = lambda *_: said["cnonce"].encode()
    flow = theirs.auth_flow(httpx.Request("GET", f"{server.url}/x?y=1"))
    first = next(flow)
    refused = httpx.Response(
        401,
        headers={
            "WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, '
            'opaque="o"'
        },
        request=first,
    )
    second = flow.send(refused)
    expected = parse_challenges([second.headers["authorization"]])[0].parameters
    assert expected["response"] == said["response"]


@pytest.mark.sweep
def test_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, router, 0)
            async with open_client(server.url) as client:
                assert (await client.get("/renew", auth=Renewing())).text == "welcome"
                async with client.stream("POST", "/renew", auth=Renewing()) as response:
                    await response.read()
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 20


def test_basic_needs_no_answer() -> None:
    request = ClientRequest("GET", "http://h/", http.Headers(), b"")
    assert BasicAuth("a", "b")(request, None) == {"Authorization": basic("a", "b")}
