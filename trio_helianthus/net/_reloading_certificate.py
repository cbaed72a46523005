"""A server's certificate that is replaced while the server runs."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

import trio

from trio_helianthus.core import operation, report_error
from trio_helianthus.errors import TLSError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable

    Password: TypeAlias = str | bytes | bytearray | Callable[[], str | bytes | bytearray]

WATCH_SECONDS: Final = 10.0
"""How often :meth:`ReloadingCertificate.watch` looks at the files, unless told otherwise."""

# Of each file: its modification time, its size, and its number. None: it is not there.
_State: TypeAlias = "tuple[tuple[int, int, int] | None, ...]"


def _default_context() -> ssl.SSLContext:
    return ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)


class ReloadingCertificate:
    """A server's certificate and key, and the means to replace them without a restart.

    Give it to :func:`serve_tls` as ``ssl_context``. Each handshake asks for the context that is
    current then, so connections that exist go on with the certificate that they began with::

        certificate = net.ReloadingCertificate("server.pem", "server.key")
        nursery.start_soon(certificate.watch)
        await nursery.start(partial(net.serve_tls, handler, 8443, ssl_context=certificate))

    A new pair goes into a context of its own first. One that does not load, because it is only
    half written or does not belong together, changes nothing.

    :param certfile: the certificate, and those of the authorities between it and the root (PEM).
    :param keyfile: its private key (PEM); ``None`` means that ``certfile`` has it, too.
    :param password: of the key, or what returns it; ``None`` means that it has none. (An
        encrypted key without a password is an error here; OpenSSL would ask on the terminal.)
    :param make_context: makes each new context, for other settings than the default ones of
        :func:`ssl.create_default_context` for a server.
    :raises TLSError: the pair does not load.
    :raises NetworkError: a file is missing, or must not be read.
    """

    def __init__(
        self,
        certfile: str | os.PathLike[str],
        keyfile: str | os.PathLike[str] | None = None,
        password: Password | None = None,
        *,
        make_context: Callable[[], ssl.SSLContext] = _default_context,
    ) -> None:
        self.certfile: Final = os.fspath(certfile)
        """Where the certificate is."""
        self.keyfile: Final = None if keyfile is None else os.fspath(keyfile)
        """Where its key is; ``None`` if in the same file."""
        self._password = password
        self._make_context = make_context
        self._failed = False  # to reload
        self._seen = self._look()
        self._context = self._load()

    def __repr__(self) -> str:
        return f"<ReloadingCertificate {self.certfile}>"

    def __call__(self) -> ssl.SSLContext:
        """Return the context for the next handshake."""
        return self._context

    def reload(self) -> None:
        """Load the files again, for all handshakes from now on.

        Reads two small files in place, and does not wait otherwise. When it raises, the
        certificate that was there stays in use.

        :raises TLSError: the pair does not load, or the key is not that of the certificate.
        :raises NetworkError: a file is missing, or must not be read.
        """
        with operation("net.certificate.reload"):
            # Looked at before they are read: what is written meanwhile is new for `watch`.
            self._seen = self._look()
            self._failed = True
            self._context = self._load()
            self._failed = False

    async def watch(self, *, interval: float = WATCH_SECONDS) -> NoReturn:
        """Reload whenever the files have changed, until cancelled.

        Looks at their times, sizes and inode numbers, so that a renamed file and a switched
        symbolic link count, too. A pair that does not load is reported
        (:func:`core.report_error`), once for each change, and tried again each time; so is any
        exception of ``make_context`` or ``password``.

        :param interval: seconds between two looks.
        :raises ValueError: ``interval`` is not more than 0.
        """
        if not interval > 0:  # this way round it catches NaN as well
            raise ValueError(f"interval must be a number of seconds > 0, not {interval!r}")
        while True:
            await trio.sleep(interval)
            changed = self._look() != self._seen
            if not (changed or self._failed):
                continue
            try:
                self.reload()
            except Exception as exc:  # the server around it has a certificate, and goes on
                if changed:
                    report_error(exc, where=f"reloading the certificate {self.certfile}")

    def _load(self) -> ssl.SSLContext:
        context = self._make_context()
        password = _no_password if self._password is None else self._password
        try:
            context.load_cert_chain(self.certfile, self.keyfile, password)
        except _PasswordMissing as exc:
            raise TLSError(
                "the private key is encrypted, and there is no password",
                operation="load certificate",
                address=self.keyfile or self.certfile,
            ) from exc
        except ssl.SSLError as exc:
            if exc.reason == "KEY_VALUES_MISMATCH":
                message = "the private key is not that of the certificate"
            elif self._password is None:
                message = "no certificate and private key in PEM form"
            else:
                message = "no certificate and private key in PEM form, or a wrong password"
            raise TLSError(
                message,
                operation="load certificate",
                address=self.certfile,
                reason=exc.reason or "",
                library=exc.library or "",
            ) from exc
        except OSError as exc:
            raise from_os_error(exc, operation="load certificate", address=self.certfile) from exc
        return context

    def _look(self) -> _State:
        return tuple(map(_state, filter(None, (self.certfile, self.keyfile))))


class _PasswordMissing(Exception):
    """OpenSSL asked for a password where there is none."""


def _no_password() -> str:
    raise _PasswordMissing


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
