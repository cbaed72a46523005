"""``helianthus serve --workers``: processes that die, are replaced, and end with their parent."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import trio

from tests._serving import (
    APP,
    PATIENCE_SECONDS,
    Serving,
    ended,
    get,
    load,
    serving,
    starting,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="workers need a POSIX system")

CLIENTS = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served.py").write_text(APP)
    return tmp_path


async def workers_of(served: Serving) -> list[int]:
    """The processes that have said that they serve."""
    return [int(line.split()[1]) for line in served.err.seen if line.endswith("serves")]


async def test_every_worker_answers(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "3", folder=folder) as served:
        pids = await workers_of(served)
        async with load(served.port) as clients:
            await clients.wait_answered_by(*pids)
        exit_code, report = await served.stop()

    assert len(pids) == 3
    assert served.process.pid not in pids
    assert clients.failures == []
    assert exit_code == 0
    assert "workers: 3 finished, 0 cut, 0 would not stop" in report


async def test_a_worker_that_is_killed_under_load_is_started_again_and_nobody_is_refused(
    folder: Path,
) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        first, second = await workers_of(served)
        async with load(served.port, CLIENTS) as clients:
            await clients.wait_answered_by(first, second)
            os.kill(first, signal.SIGKILL)
            (third,) = await served.worker_pids(1)
            await clients.wait_answered_by(third)
        exit_code, report = await served.stop()

    assert f"worker {first} died: signal 9" in report
    # Those that the worker had accepted are lost with it. Nobody else is.
    assert len(clients.failures) <= CLIENTS
    assert not any(isinstance(failure, ConnectionRefusedError) for failure in clients.failures)
    assert exit_code == 0


async def test_sighup_replaces_all_workers_under_load_without_one_failed_request(
    folder: Path,
) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        old = await workers_of(served)
        async with load(served.port, CLIENTS) as clients:
            await clients.wait_answered_by(*old)
            served.send("SIGHUP")
            new = await served.worker_pids(2)
            await clients.wait_answered_by(*new)
            for pid in old:
                await ended(pid)
            await clients.wait_more(100)
        exit_code, report = await served.stop()

    assert not set(old) & set(new)
    assert clients.failures == []
    assert exit_code == 0
    assert "died" not in report


async def test_one_worker_is_replaced_without_a_gap_as_well(folder: Path) -> None:
    async with (
        serving("served:app", "--port", "0", "--workers", "1", folder=folder) as served,
        load(served.port, CLIENTS) as clients,
    ):
        await clients.wait_more(10)
        served.send("SIGHUP")
        (new,) = await served.worker_pids(1)
        await clients.wait_answered_by(new)
    assert clients.failures == []


async def test_new_code_is_served_after_sighup(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "1", folder=folder) as served:
        (folder / "served.py").write_text(APP.replace('f"{os.getpid()}"', '"new"'))
        served.send("SIGHUP")
        await served.worker_pids(1)
        await served.err.stream.aclose()
        with trio.fail_after(PATIENCE_SECONDS):
            while await served.get() != "new":
                pass


async def test_where_new_code_does_not_start_the_old_goes_on(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        old = await workers_of(served)
        (folder / "served.py").write_text("1 / 0")
        served.send("SIGHUP")
        await served.err.until("the other workers go on as they are")
        async with load(served.port) as clients:
            await clients.wait_answered_by(*old)
        exit_code, report = await served.stop()

    assert clients.failures == []
    assert report.count("ZeroDivisionError") == 1
    assert exit_code == 0


async def test_an_application_that_does_not_start_is_told_once(folder: Path) -> None:
    (folder / "served.py").write_text("1 / 0")
    async with starting("served:app", "--port", "0", "--workers", "3", folder=folder) as served:
        exit_code, report = await served.end()

    assert exit_code == 1
    assert report.count("ZeroDivisionError") == 1
    assert report.splitlines().count("a worker did not start") == 1


async def test_a_worker_that_cannot_start_again_leaves_the_others(folder: Path) -> None:
    words = ("served:app", "--port", "0", "--workers", "2", "--max-restarts", "1")
    async with serving(*words, folder=folder) as served:
        first, second = await workers_of(served)
        (folder / "served.py").write_text("1 / 0")
        os.kill(first, signal.SIGKILL)
        await served.err.until("the other workers go on without it")
        with trio.fail_after(PATIENCE_SECONDS):  # noqa: ASYNC100 - none waits where nobody is
            assert {await served.get() for _ in range(CLIENTS)} == {str(second)}
        (folder / "served.py").write_text(APP)
        served.send("SIGHUP")
        new = await served.worker_pids(2)
        async with load(served.port) as clients:
            await clients.wait_answered_by(*new)
        exit_code, report = await served.stop()

    assert exit_code == 0
    assert report.count("ZeroDivisionError") == 1


async def test_a_worker_that_somebody_stops_is_replaced_before_it_has_drained(
    folder: Path,
) -> None:
    async with serving("served:app", "--port", "0", "--workers", "1", folder=folder) as served:
        (first,) = await workers_of(served)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            os.kill(first, signal.SIGTERM)
            (second,) = await served.worker_pids(1)
            assert await served.get() == str(second)
            os.kill(first, signal.SIGINT)  # cuts what it still serves
            await ended(first)
        exit_code, report = await served.stop()

    assert f"worker {first} was told to stop, though not by its supervisor" in report
    assert exit_code == 0


async def test_a_worker_that_was_cut_before_the_others_were_told_to_stop_is_no_failure(
    folder: Path,
) -> None:
    # What the worker leaves behind keeps its pipe open, so that the supervisor waits a moment for
    # its last words, and is told to stop while it does so.
    lingers = """
    if os.fork() == 0:
        worker = os.getppid()
        while os.getppid() == worker:
            time.sleep(0.01)
        time.sleep(0.3)
        os._exit(0)
"""
    app = APP.replace("import os", "import os, time")
    app = app.replace("async def endless(request):\n", f"async def endless(request):{lingers}")
    (folder / "served.py").write_text(app)
    async with serving("served:app", "--port", "0", "--workers", "1", folder=folder) as served:
        (first,) = await workers_of(served)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            os.kill(first, signal.SIGTERM)
            await served.worker_pids(1)
            os.kill(first, signal.SIGINT)
            await ended(first)
            exit_code, _ = await served.stop()

    assert exit_code == 0


async def test_a_worker_that_does_not_serve_yet_is_not_waited_for(folder: Path) -> None:
    (folder / "served.py").write_text("import os, time; os.write(1, b'begun\\n'); time.sleep(1000)")
    async with starting("served:app", "--port", "0", "--workers", "1", folder=folder) as served:
        await served.out.until("begun")
        exit_code, report = await served.stop()

    assert exit_code == 0
    assert "workers: 1 finished" in report


async def test_one_more_on_sigttin_one_less_on_sigttou(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "1", folder=folder) as served:
        (first,) = await workers_of(served)
        served.send("SIGTTIN")
        (second,) = await served.worker_pids(1)
        async with load(served.port) as clients:
            await clients.wait_answered_by(first, second)
        served.send("SIGTTOU")
        await ended(second)
        assert await served.get() == str(first)
        served.send("SIGTTOU")
        await served.err.until("the last worker stays")
        exit_code, _ = await served.stop()

    assert exit_code == 0


async def test_running_requests_of_all_workers_finish_in_a_drain(folder: Path) -> None:
    answers: list[str] = []

    async def ask(port: int) -> None:
        answers.append(await get(port, "/slow"))

    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        async with trio.open_nursery() as nursery:
            for _ in range(CLIENTS):
                nursery.start_soon(ask, served.port)
            for _ in range(CLIENTS):
                await served.out.until("begun")
            served.send("SIGTERM")
        exit_code, _ = await served.end()

    assert len(answers) == CLIENTS
    assert exit_code == 0


async def test_a_second_signal_cuts_the_workers(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            served.send("SIGTERM")
            served.send("SIGINT")
        exit_code, report = await served.end()

    assert exit_code == 1
    assert "cut: GET /endless" in report


async def test_a_worker_keeps_the_drain_timeout_itself(folder: Path) -> None:
    words = ("served:app", "--port", "0", "--workers", "1", "--drain-timeout", "0.1")
    async with serving(*words, folder=folder) as served:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_get_nothing, served.port)
            await served.out.until("begun")
            served.send("SIGTERM")
            for _ in range(2):  # which are late, and must not end the supervisor
                served.send("SIGHUP")
                await trio.sleep(0.01)
        exit_code, report = await served.end()

    assert exit_code == 1
    assert "http: 0 finished, 1 cut" in report
    assert "workers: 1 finished, 0 cut" in report


async def _get_nothing(port: int) -> None:
    with pytest.raises((OSError, trio.BrokenResourceError, AssertionError)):
        await get(port, "/endless")


async def test_ctrl_c_reaches_all_of_them_and_is_one_signal(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        os.killpg(served.process.pid, signal.SIGINT)
        exit_code, report = await served.end()

    assert exit_code == 0
    assert "died" not in report
    assert "Traceback" not in report


async def test_workers_end_when_their_supervisor_is_killed(folder: Path) -> None:
    async with serving("served:app", "--port", "0", "--workers", "2", folder=folder) as served:
        pids = await workers_of(served)
        served.process.kill()
        for pid in pids:
            await ended(pid)


async def test_a_worker_takes_over_the_options_of_python(folder: Path) -> None:
    (folder / "served.py").write_text(APP + "assert False, 'not with -O'\n")
    prefix = [sys.executable, "-O", "-W", "error", "-m", "trio_helianthus", "serve"]
    async with starting(
        "served:app", "--port", "0", "--workers", "1", folder=folder, prefix=prefix
    ) as served:
        await served.err.until("listening on")
        exit_code, _ = await served.stop()

    assert exit_code == 0
