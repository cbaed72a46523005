"""``helianthus serve`` in one process: what it serves, where, and how it ends."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from tests._serving import APP, PATIENCE_SECONDS, get, serving, starting
from trio_helianthus import cli, net, websocket
from trio_helianthus.errors import WebSocketClosed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals to a process")

HANDLER = """
async def app(request):
    return f"{request.method} {request.path}"
"""
AROUND = (
    APP
    + """
from contextlib import asynccontextmanager

@asynccontextmanager
async def open_app():
    os.write(1, b"opened\\n")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        yield app
        nursery.cancel_scope.cancel()
    os.write(1, b"closed\\n")

@asynccontextmanager
async def open_badly():
    raise KeyError("mine")
    yield
"""
)
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await receive()
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    if scope["type"] != "http":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asgi" + scope["root_path"].encode()})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    modules = (("served", APP), ("handler", HANDLER), ("around", AROUND), ("asgi_app", ASGI))
    for name, text in modules:
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


async def test_it_serves_a_router_until_it_is_told_to_stop(folder: Path) -> None:
    async with serving("served:app", "--port", "0", folder=folder) as served:
        assert await served.get() == str(served.process.pid)
        exit_code, report = await served.stop()

    assert exit_code == 0
    assert "drained in" in report
    assert "(SIGTERM)" in report


async def test_it_serves_a_handler(folder: Path) -> None:
    async with serving("handler:app", "--port", "0", folder=folder) as served:
        assert await served.get("/there") == "GET /there"


async def test_what_is_open_around_an_application_is_closed_behind_its_requests(
    folder: Path,
) -> None:
    words = ("around:open_app", "--factory", "--port", "0", "--workers", "1")
    async with serving(*words, folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(served.get, "/slow")
            await served.out.until("begun")
            served.send("SIGTERM")
        assert (await served.out.all()).split() == ["opened", "begun", "closed"]
        exit_code, _ = await served.end()

    assert exit_code == 0


async def test_what_does_not_open_is_shown_and_leaves_nothing_behind(
    folder: Path, socket_folder: Path
) -> None:
    path = socket_folder / "http"
    words = ("around:open_badly", "--factory", "--unix", str(path))
    async with starting(*words, folder=folder) as served:
        exit_code, report = await served.end()

    assert exit_code == 1
    assert "KeyError: 'mine'" in report
    assert "around:open_badly() failed: see the traceback above" in report
    assert not path.exists()


async def test_it_serves_an_asgi_application(folder: Path) -> None:
    words = ("asgi_app:app", "--port", "0", "--root-path", "/below")
    async with serving(*words, folder=folder) as served:
        assert await served.get() == "asgi/below"
        exit_code, _ = await served.stop()

    assert exit_code == 0


async def test_it_serves_the_websockets_of_an_asgi_application(folder: Path) -> None:
    limits = ("--websocket-message-bytes", "10", "--websocket-no-deflate")
    words = ("asgi_app:app", "--port", "0", "--access-log", "-", *limits)
    async with serving(*words, folder=folder) as served:
        url = f"ws://127.0.0.1:{served.port}/chat"
        async with websocket.open_websocket(url) as connection:
            assert connection.deflate is None
            await connection.send("hello")
            assert await connection.receive(timeout=PATIENCE_SECONDS) == "hello"
            await connection.send("hello, world")
            with pytest.raises(WebSocketClosed):
                await connection.receive(timeout=PATIENCE_SECONDS)
            assert connection.close_code == 1009
        assert "GET /chat" in (await served.out.until(" 101 ")).string
        async with websocket.open_websocket(url) as connection:
            served.send("SIGTERM")
            with pytest.raises(WebSocketClosed):
                await connection.receive(timeout=PATIENCE_SECONDS)
            assert connection.close_code == 1001
        exit_code, report = await served.end()

    assert exit_code == 0, report


async def test_an_application_elsewhere_is_found(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = ("served:app", "--port", "0", "--app-dir", folder)
    async with serving(*words, folder=tmp_path_factory.mktemp("elsewhere")) as served:
        assert await served.get() == str(served.process.pid)


async def test_only_proxies_that_are_named_are_believed(folder: Path) -> None:
    words = ("served:app", "--port", "0", "--proxy-headers", "127.0.0.1")
    async with serving(*words, folder=folder) as served:
        answer = await get(served.port, "/client", "X-Forwarded-For: 192.0.2.9")
    assert answer == "('192.0.2.9', 0)"


async def test_the_first_signal_lets_requests_finish(folder: Path) -> None:
    async with serving("served:app", "--port", "0", folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(served.get, "/slow")
            await served.out.until("begun")
            served.send("SIGINT")
        exit_code, report = await served.end()

    assert exit_code == 0
    assert "http: 1 finished, 0 cut" in report


async def test_the_second_signal_cuts_them(folder: Path) -> None:
    async with serving("served:app", "--port", "0", folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            served.send("SIGTERM")
            served.send("SIGINT")
        exit_code, report = await served.end()

    assert exit_code == 1
    assert "1 cut" in report


async def test_the_drain_timeout_cuts_them(folder: Path) -> None:
    words = ("served:app", "--port", "0", "--drain-timeout", "0.1")
    async with serving(*words, folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            served.send("SIGTERM")
        exit_code, _ = await served.end()

    assert exit_code == 1


async def _get_nothing(port: int) -> None:
    with pytest.raises((OSError, trio.BrokenResourceError, AssertionError)):
        await get(port, "/endless")


async def test_a_limit_of_the_server_is_set(folder: Path) -> None:
    words = ("served:app", "--port", "0", "--limit-target-bytes", "10")
    async with serving(*words, folder=folder) as served:
        with pytest.raises(AssertionError, match=r"HTTP/1\.1 414 "):
            await served.get("/much-longer-than-ten")


@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["alone", "workers"])
async def test_a_port_that_is_taken_is_said_and_the_exit_code_is_1(
    folder: Path, more: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with starting("served:app", "--port", port, *more, folder=folder) as served:
            exit_code, report = await served.end()

    assert exit_code == 1
    assert report.strip().startswith("helianthus: ")
    assert port in report
    assert "Traceback" not in report


async def test_a_port_that_other_workers_share_is_taken(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        words = ("served:app", "--port", str(served.port), "--workers", "2")
        async with starting(*words, folder=folder) as second:
            exit_code, report = await second.end()

    assert exit_code == 1
    assert "in use" in report


@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["alone", "workers"])
async def test_it_serves_at_a_unix_socket(
    folder: Path, socket_folder: Path, more: tuple[str, ...]
) -> None:
    path = socket_folder / "http"
    words = ("served:app", "--unix", str(path), "--unix-mode", "660", *more)
    async with serving(*words, folder=folder) as served:
        assert served.place == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o660
        stream = await net.connect_unix(path)
        async with stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert (await stream.receive_all()).startswith(b"HTTP/1.1 200 ")
        exit_code, _ = await served.stop()

    assert exit_code == 0
    assert not path.exists()


async def test_it_serves_a_socket_that_it_inherits(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inherited:
        fd = inherited.fileno()
        words = ("served:app", "--fd", str(fd), "--workers", "2")
        async with serving(*words, folder=folder, fds=[fd]) as served:
            assert served.port == inherited.getsockname()[1]
            assert await served.get()
            exit_code, _ = await served.stop()

    assert exit_code == 0


async def test_a_descriptor_that_is_no_socket_is_said(folder: Path) -> None:
    async with starting("served:app", "--fd", "0", folder=folder) as served:
        exit_code, report = await served.end()

    assert exit_code == 1
    assert "descriptor 0 is no socket" in report


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["alone", "workers"])
async def test_it_serves_what_systemd_hands_down_and_tells_it_its_state(
    folder: Path, socket_folder: Path, more: tuple[str, ...]
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as handed_down,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(str(socket_folder / "notify"))
        manager.settimeout(PATIENCE_SECONDS)
        fd = handed_down.fileno()
        # What the manager does: descriptors from 3 on, and the number of the process.
        manage = (
            f"import os, sys; os.dup2({fd}, 3); "
            "os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}; "
            "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
        )
        async with starting(
            *more,
            folder=folder,
            env={"NOTIFY_SOCKET": str(socket_folder / "notify")},
            fds=[fd],
            prefix=[sys.executable, "-c", manage, "-m", "trio_helianthus", "serve", "served:app"],
        ) as served:
            served.place = (await served.err.until(r"listening on (\S+)"))[1]
            assert served.port == handed_down.getsockname()[1]
            assert await trio.to_thread.run_sync(manager.recv, 100) == b"READY=1"
            assert await served.get()
            served.send("SIGHUP")
            state = await trio.to_thread.run_sync(manager.recv, 100)
            assert state.startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert await trio.to_thread.run_sync(manager.recv, 100) == b"READY=1"
            served.send("SIGTERM")
            assert await trio.to_thread.run_sync(manager.recv, 100) == b"STOPPING=1"
            exit_code, _ = await served.end()

    assert exit_code == 0


async def test_sockets_that_are_for_another_process_stay_untouched(folder: Path) -> None:
    env = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    async with serving("served:app", "--port", "0", folder=folder, env=env) as served:
        assert await served.get() == str(served.process.pid)


@pytest.fixture
def trustme() -> Any:
    return pytest.importorskip("trustme", reason="makes certificates")


async def test_sighup_reloads_the_certificate_while_connections_go_on(
    folder: Path, trustme: Any
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)

    def issue(name: str) -> None:
        made = authority.issue_cert("localhost", organization_name=name)
        made.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))

    async def shown(port: int) -> str:
        async with await net.connect_tls("localhost", port, ssl_context=context) as stream:
            assert stream.info.peer_certificate is not None
            fields = [field for group in stream.info.peer_certificate["subject"] for field in group]
            return str(dict(fields)["organizationName"])

    issue("first")
    words = ("served:app", "--port", "0", "--host", "localhost", "--certfile", "server.pem")
    async with serving(*words, folder=folder) as served:
        assert served.place.startswith("https://")
        old = await net.connect_tls("localhost", served.port, ssl_context=context)
        async with old:
            assert await shown(served.port) == "first"
            issue("second")
            served.send("SIGHUP")
            with trio.fail_after(PATIENCE_SECONDS):
                while await shown(served.port) != "second":
                    pass
            await old.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert (await old.receive_until(b"\r\n")) == b"HTTP/1.1 200 OK\r\n"
        exit_code, _ = await served.stop()

    assert exit_code == 0


# ------------------------------------------------------------ what it is started from


async def test_sighup_before_it_serves_does_no_harm(folder: Path) -> None:
    (folder / "hung_up.py").write_text(f"import os; os.kill(os.getpid(), 1)\n{APP}")
    async with serving("hung_up:app", "--port", "0", folder=folder) as served:
        assert await served.get() == str(served.process.pid)


async def test_ctrl_c_before_it_serves_is_no_mistake_of_the_application(folder: Path) -> None:
    (folder / "interrupted.py").write_text("import os; os.kill(os.getpid(), 2); input()")
    async with starting("interrupted:app", "--port", "0", folder=folder) as served:
        exit_code, report = await served.end()

    assert exit_code == 130
    assert report == ""


async def test_it_goes_on_when_nobody_reads_what_it_says(folder: Path) -> None:
    (folder / "fails.py").write_text(APP + "@app.get('/fails')\nasync def fails(_): 1 / 0\n")
    async with serving("fails:app", "--port", "0", folder=folder) as served:
        await served.err.stream.aclose()
        with pytest.raises(AssertionError, match=r"HTTP/1\.1 500 "):
            await served.get("/fails")
        assert await served.get() == str(served.process.pid)
        served.send("SIGTERM")
        with trio.fail_after(PATIENCE_SECONDS):
            assert await served.process.wait() == 0


async def test_it_ends_with_its_terminal(folder: Path) -> None:
    ours, terminal = os.openpty()
    become_leader = (
        "import fcntl, os, signal, sys, termios; "
        "signal.signal(signal.SIGHUP, signal.SIG_DFL); "  # these tests may be under nohup
        f"fcntl.ioctl({terminal}, termios.TIOCSCTTY, 0); "
        f"os.dup2({terminal}, 0); os.close({terminal}); "
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    prefix = [sys.executable, "-c", become_leader, "-m", "trio_helianthus", "serve"]
    words = ("served:app", "--port", "0")
    async with starting(*words, folder=folder, fds=[terminal], prefix=prefix) as served:
        os.close(terminal)
        await served.err.until("listening on")
        os.close(ours)  # the user closes the window
        exit_code, report = await served.end()

    assert exit_code == 0
    assert "(SIGHUP, the terminal is gone)" in report


async def test_modules_of_the_application_do_not_stand_in_for_those_of_python(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("bin") / "helianthus"
    script.write_text("from trio_helianthus.cli import main; raise SystemExit(main())")
    (folder / "argparse.py").write_text("1 / 0")
    prefix = [sys.executable, str(script), "serve"]
    words = ("served:app", "--port", "0", "--workers", "1")
    async with starting(*words, folder=folder, prefix=prefix) as served:
        await served.err.until("listening on")
        exit_code, _ = await served.stop()

    assert exit_code == 0


def test_without_an_application_it_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["serve"])
    assert caught.value.code == 2
    assert "MODULE:APP" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "last"), [("serve_me", "and back"), ("serve_factory", "10 left")])
def test_the_example_runs_as_a_script(name: str, last: str) -> None:
    example = Path(__file__).parents[2] / "examples" / f"{name}.py"
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, last)
