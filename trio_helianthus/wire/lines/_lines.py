"""Lines, which end with LF or CRLF, as strictly as the protocol above wants it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from trio_helianthus.errors import LocalProtocolError

from .._frames import MAX_FRAME_BYTES
from ._delimiter import DelimiterProtocol

__all__ = ["LineEnding", "LinesProtocol"]

LineEnding: TypeAlias = Literal[b"\n", b"\r\n"]
"""How a line ends."""


class LinesProtocol(DelimiterProtocol):
    r"""Each frame is a line, without its ending.

    =================  ==============  ======================================================
    ``ending``         ``strict``      what is received
    =================  ==============  ======================================================
    either             ``False``       a line ends at LF; one CR in front of it is dropped
    ``b"\n"``          ``True``        a line ends at LF; a CR is as good as any byte
    ``b"\r\n"``        ``True``        a line ends at CRLF; CR and LF alone are refused, as
                                       RFC 5321, section 2.3.8, demands of mail
    =================  ==============  ======================================================

    :param ending: what is sent behind a line.
    :param strict: take nothing but this ending.
    :param unterminated: when the stream ends, take what stands behind the last ending, if
        anything, as a line. Otherwise it is a line that was cut, an error.
    :param max_frame_bytes: how long a line may be, without its ending.
    :raises ValueError: ``ending`` is neither.
    """

    def __init__(
        self,
        ending: LineEnding = b"\n",
        *,
        strict: bool = False,
        unterminated: bool = False,
        max_frame_bytes: int = MAX_FRAME_BYTES,
    ) -> None:
        if ending not in {b"\n", b"\r\n"}:
            raise ValueError(f"ending must be b'\\n' or b'\\r\\n', not {ending!r}")
        super().__init__(b"\n", unterminated=unterminated, max_frame_bytes=max_frame_bytes)
        self._sent_delimiter = ending
        self._drops_cr = not strict
        self._needs_cr = strict and ending == b"\r\n"
        self._window = max_frame_bytes + (2 if self._drops_cr or self._needs_cr else 1)

    def _check_sent(self, frame: bytes) -> None:
        if b"\n" in frame:
            raise LocalProtocolError("a line with LF in it")
        if (self._drops_cr and frame.endswith(b"\r")) or (self._needs_cr and b"\r" in frame):
            raise LocalProtocolError("a line with CR where the peer takes it for an ending")

    def _frame(self, piece: bytes) -> bytes | None:
        if self._drops_cr:
            return piece.removesuffix(b"\r")
        if self._needs_cr:
            if not piece or piece.find(b"\r") != len(piece) - 1:
                self._refuse("a CR or LF alone, where lines end with CRLF")
                return None
            return piece[:-1]
        return piece
