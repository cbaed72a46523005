"""``helianthus serve``: what systemd hands down and wants to hear: sockets and states."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Final

FIRST_FD: Final = 3
"""sd_listen_fds(3): where the inherited sockets begin."""


def activated_fds() -> tuple[int, ...]:
    """Take the descriptors that a service manager has opened for this process, if it has.

    They come with ``LISTEN_PID``, which says for whom they are, and ``LISTEN_FDS``, how many. Both
    go, so that no child believes that they are for it.
    """
    pid, count = os.environ.get("LISTEN_PID"), os.environ.get("LISTEN_FDS", "")
    if pid != str(os.getpid()) or not count.isdecimal():
        return ()
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    return tuple(range(FIRST_FD, FIRST_FD + int(count)))


class Notifier:
    """Tells the service manager how it stands (sd_notify(3)); nobody else is told.

    The place to send to goes from the environment, so that no child speaks for this process.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", None)

    def ready(self) -> None:
        """It serves."""
        self._send("READY=1")

    def reloading(self) -> None:
        """It brings up new workers; :meth:`ready` says that they are there."""
        if sys.platform == "linux":
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self._send(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """It drains."""
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address or sys.platform == "win32":
            return
        # An abstract name is written with an @ in front.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            try:
                sock.sendto(state.encode(), address)
            except OSError:  # a service does not fail because its manager does not listen
                pass
