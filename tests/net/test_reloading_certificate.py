"""A certificate that is replaced while its server runs."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
import trio

from trio_helianthus import core, net
from trio_helianthus.errors import ErrorCode, NetworkError, TLSError

if TYPE_CHECKING:
    import trustme


Connect: TypeAlias = Callable[[], Awaitable[net.TLSStream]]


class Files:
    """A certificate and a key in two files."""

    def __init__(self, authority: trustme.CA, directory: Path) -> None:
        self.certificate = directory / "server.pem"
        self.key = directory / "server.key"
        self._authority = authority

    def issue(self, name: str) -> None:
        """Write a pair for example.org and one more name."""
        made = self._authority.issue_cert("example.org", name)
        self.certificate.write_bytes(made.cert_chain_pems[0].bytes())
        self.key.write_bytes(made.private_key_pem.bytes())


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Files:
    files = Files(authority, tmp_path)
    files.issue("one")
    return files


@pytest.fixture
def certificate(files: Files) -> net.ReloadingCertificate:
    return net.ReloadingCertificate(files.certificate, files.key)


def names(stream: net.TLSStream) -> set[str]:
    assert stream.info.peer_certificate is not None
    return {name for _, name in stream.info.peer_certificate["subjectAltName"]} - {"example.org"}


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


@asynccontextmanager
async def connecting(
    source: net.TLSContextSource, client_context: ssl.SSLContext
) -> AsyncIterator[Connect]:
    """Serve; the body gets what connects."""

    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=source, task_status=task_status)

    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(serve)

        async def connect() -> net.TLSStream:
            return await net.connect_tls(
                "127.0.0.1",
                server.port,
                ssl_context=client_context,
                server_hostname="example.org",
            )

        yield connect
        nursery.cancel_scope.cancel()


async def name_served(connect: Connect) -> set[str]:
    async with await connect() as stream:
        return names(stream)


async def test_new_connections_get_the_new_one_and_old_ones_go_on(
    files: Files, certificate: net.ReloadingCertificate, client_context: ssl.SSLContext
) -> None:
    async with connecting(certificate, client_context) as connect, await connect() as old:
        assert names(old) == {"one"}
        files.issue("two")
        assert await name_served(connect) == {"one"}
        certificate.reload()
        assert await name_served(connect) == {"two"}
        await old.send_all(b"still here")
        assert await old.receive_exactly(10) == b"still here"


async def test_a_server_takes_any_function_that_returns_a_context(
    authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    made = iter(["one", "two"])

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("example.org", next(made)).configure_cert(context)
        return context

    async with connecting(make, client_context) as connect:
        assert await name_served(connect) == {"one"}
        assert await name_served(connect) == {"two"}


@pytest.mark.parametrize("kind", [ValueError, TLSError])
async def test_a_function_that_fails_is_a_mistake_and_ends_one_connection(
    kind: type[Exception], client_context: ssl.SSLContext, errors_on_stderr: Callable[[], str]
) -> None:
    def fail() -> ssl.SSLContext:
        raise kind("no context today")

    async with connecting(fail, client_context) as connect:
        for _ in range(2):
            with pytest.raises(NetworkError):
                await connect()
    assert "no context today" in errors_on_stderr()


async def test_a_pair_that_does_not_load_changes_nothing(
    files: Files, certificate: net.ReloadingCertificate, client_context: ssl.SSLContext
) -> None:
    old_key = files.key.read_bytes()
    async with connecting(certificate, client_context) as connect:
        files.issue("two")
        whole = files.certificate.read_bytes()
        files.certificate.write_bytes(whole[:-100])
        with pytest.raises(TLSError, match="no certificate and private key in PEM form"):
            certificate.reload()
        files.certificate.write_bytes(whole)
        files.key.write_bytes(old_key)
        with pytest.raises(TLSError, match="the private key is not that of the certificate"):
            certificate.reload()
        files.key.unlink()
        with pytest.raises(NetworkError, match="load certificate") as caught:
            certificate.reload()
        assert caught.value.code is ErrorCode.NOT_FOUND
        assert await name_served(connect) == {"one"}


def test_a_pair_that_is_bad_from_the_beginning_is_told_at_once(files: Files) -> None:
    files.certificate.write_bytes(b"nothing of the kind")
    with pytest.raises(TLSError, match="PEM") as caught:
        net.ReloadingCertificate(files.certificate, files.key)
    assert caught.value.address == str(files.certificate)


def test_certificate_and_key_may_be_one_file_and_the_context_ones_own(files: Files) -> None:
    both = files.certificate.with_name("both.pem")
    both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context

    certificate = net.ReloadingCertificate(both, make_context=make)
    first = certificate()
    assert first.minimum_version is ssl.TLSVersion.TLSv1_3
    certificate.reload()
    assert certificate() is not first
    assert certificate().minimum_version is ssl.TLSVersion.TLSv1_3
    assert "both.pem" in repr(certificate)


def test_an_encrypted_key(files: Files) -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    net.ReloadingCertificate(files.certificate, files.key, "open sesame")
    net.ReloadingCertificate(files.certificate, files.key, lambda: b"open sesame")
    with pytest.raises(TLSError, match="there is no password"):
        net.ReloadingCertificate(files.certificate, files.key)
    with pytest.raises(TLSError, match="or a wrong password"):
        net.ReloadingCertificate(files.certificate, files.key, "open rice")


class Reports(core.Instrument):
    def __init__(self) -> None:
        self.errors: list[str] = []
        self.operations: list[core.Operation] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.errors.append(f"{where}: {error}")
        return True

    def operation_ended(self, operation: core.Operation) -> None:
        self.operations.append(operation)


async def test_watching_reloads_what_has_changed(
    files: Files, certificate: net.ReloadingCertificate, autojump_clock: trio.abc.Clock
) -> None:
    reports = Reports()
    with core.subscribe(reports):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(certificate.watch)
            first = certificate()
            await trio.sleep(net.WATCH_SECONDS * 3.5)
            assert certificate() is first
            files.issue("two")
            await trio.sleep(net.WATCH_SECONDS)
            second = certificate()
            assert second is not first
            # An hour earlier, of the same size, but another file: as a symbolic link switches.
            other = files.certificate.with_name("other")
            other.write_bytes(files.certificate.read_bytes())
            os.utime(other, (1, 1))
            other.replace(files.certificate)
            await trio.sleep(net.WATCH_SECONDS)
            assert certificate() is not second
            nursery.cancel_scope.cancel()
    assert not reports.errors
    assert [it.name for it in reports.operations] == ["net.certificate.reload"] * 2


async def test_watching_reports_a_bad_pair_once_and_goes_on(
    files: Files, certificate: net.ReloadingCertificate, autojump_clock: trio.abc.Clock
) -> None:
    reports = Reports()
    with core.subscribe(reports):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: certificate.watch(interval=1))
            first = certificate()
            good = files.certificate.read_bytes()
            files.certificate.write_bytes(good[:-50])
            await trio.sleep(5.5)
            assert certificate() is first
            assert len(reports.errors) == 1
            assert "reloading the certificate" in reports.errors[0]
            assert "server.pem" in reports.errors[0]
            files.certificate.unlink()
            await trio.sleep(5)
            assert len(reports.errors) == 2
            assert "no such file" in reports.errors[1].lower()
            files.certificate.write_bytes(good)
            await trio.sleep(1)
            assert certificate() is not first
            nursery.cancel_scope.cancel()
    assert len(reports.errors) == 2


async def test_watching_tries_again_what_somebody_else_could_not_reload(
    files: Files, certificate: net.ReloadingCertificate, autojump_clock: trio.abc.Clock
) -> None:
    first, load = certificate(), certificate._load

    def refuse() -> ssl.SSLContext:
        raise NetworkError("it must not be read today")

    certificate._load = refuse  # type: ignore[method-assign]
    with pytest.raises(NetworkError):
        certificate.reload()
    certificate._load = load  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(certificate.watch)
        await trio.sleep(net.WATCH_SECONDS * 1.5)
        assert certificate() is not first
        nursery.cancel_scope.cancel()


async def test_a_mistake_in_making_the_context_does_not_stop_watching(
    files: Files, autojump_clock: trio.abc.Clock
) -> None:
    authorities = files.certificate.with_name("authorities")
    authorities.touch()

    def make() -> ssl.SSLContext:
        authorities.read_bytes()
        return ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)

    certificate = net.ReloadingCertificate(files.certificate, files.key, make_context=make)
    first, reports = certificate(), Reports()
    with core.subscribe(reports):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(certificate.watch)
            authorities.unlink()
            files.issue("two")
            await trio.sleep(net.WATCH_SECONDS * 2.5)
            assert certificate() is first
            authorities.touch()
            await trio.sleep(net.WATCH_SECONDS)
            assert certificate() is not first
            nursery.cancel_scope.cancel()
    assert len(reports.errors) == 1
    assert "authorities" in reports.errors[0]


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
async def test_an_interval_must_be_a_time(
    interval: float, certificate: net.ReloadingCertificate
) -> None:
    with pytest.raises(ValueError, match="interval"):
        await certificate.watch(interval=interval)
