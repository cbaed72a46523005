"""How a client speaks TLS: whom it trusts, who it is, and with which versions."""

from __future__ import annotations

import math
import os
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from trio_helianthus import net

from ._url import Origin

__all__ = ["TLSOptions", "start_tls"]

FilePath: TypeAlias = "str | os.PathLike[str]"
_ALPN: Final = "http/1.1"


@attrs.frozen(kw_only=True)
class TLSOptions:
    """The TLS of a client's connections, where Python's defaults do not fit.

    ::

        tls = http.TLSOptions(verify="internal-authority.pem", certfile="client.pem")
        async with http.open_client("https://internal.example", tls=tls) as client:
            ...

    Whatever an :class:`ssl.SSLContext` can do goes through ``ssl_context=`` instead.

    :raises OSError: a file cannot be read (when it is first used).
    :raises ssl.SSLError: a file is not what it should be (when it is first used).
    """

    verify: bool | FilePath = True
    """Whom to trust: the system's authorities, or those of a PEM file or folder alone. ``False``
    takes any certificate, and protects against nobody who is in between."""
    certfile: FilePath | None = None
    """The client's own certificate (PEM), with those of its authorities behind it."""
    keyfile: FilePath | None = None
    """Its key (PEM); ``None`` where it is in ``certfile``."""
    password: str | None = attrs.field(default=None, repr=False)
    """Of the key."""
    server_hostname: str | None = None
    """The name to ask for and to verify; ``None`` means the one in the URL."""
    minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    """The oldest version to accept."""

    def context(self) -> ssl.SSLContext:
        """The context that does this; made once for equal options. It offers ``http/1.1``."""
        return _make_context(self)


@lru_cache(maxsize=16)
def _make_context(options: TLSOptions) -> ssl.SSLContext:
    verify = options.verify
    if isinstance(verify, bool):
        context = ssl.create_default_context()
    elif Path(verify).is_dir():
        context = ssl.create_default_context(capath=verify)
    else:
        context = ssl.create_default_context(cafile=verify)
    if verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = options.minimum_version
    if options.certfile is not None:
        context.load_cert_chain(options.certfile, options.keyfile, options.password)
    context.set_alpn_protocols([_ALPN])
    return context


async def start_tls(
    stream: net.ByteStream,
    origin: Origin,
    ssl_context: ssl.SSLContext | None,
    server_hostname: str | None,
) -> net.TLSStream:
    """Speak TLS with an origin over a connection that leads there. The caller has the time."""
    return await net.start_tls(
        stream,
        ssl_context=ssl_context or TLSOptions().context(),
        # A certificate has no dot at the end of a name, and SNI has none (RFC 6066, section 3).
        server_hostname=server_hostname or origin.host.removesuffix("."),
        timeout=math.inf,
    )
