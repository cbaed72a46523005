"""Text that is checked while it grows, so that a long frame is refused at its first wrong byte."""

from __future__ import annotations

from codecs import utf_8_decode
from typing import Final

from ._mask import apply_mask, rotate_mask

__all__ = ["GrowingText", "add_piece", "decode_part"]

_SHORT: Final = 4096


class GrowingText:
    """A frame of text, of which a part has come.

    Each byte is unmasked and decoded once, when it comes, and then kept as text.

    :param cut: the bytes of a character that began in the frame before.
    """

    __slots__ = ("_mask", "_pieces", "cut", "final", "left", "length", "opcode")

    def __init__(self, opcode: int, final: bool, length: int, mask: bytes, cut: bytes) -> None:
        self.opcode: Final = opcode
        self.final: Final = final
        """Whether the message ends with it."""
        self.length: Final = length
        self.left = length
        """How many bytes have not come yet."""
        self.cut = cut
        """The bytes of a character that has not come whole."""
        self._mask = mask
        self._pieces: list[str] = []

    def add(self, data: bytes) -> None:
        """Take what has come, which is not more than what was left.

        :raises UnicodeDecodeError: it is not UTF-8.
        """
        length = len(data)
        self.left = left = self.left - length
        if self._mask:
            data = apply_mask(data, self._mask)
            if left:
                self._mask = rotate_mask(self._mask, length)
        text, self.cut = decode_part(self.cut, data, self.final and not left)
        add_piece(self._pieces, text)

    def text(self) -> str:
        """Return what has come."""
        return "".join(self._pieces)


def decode_part(cut: bytes, data: bytes, final: bool) -> tuple[str, bytes]:
    """Decode UTF-8 that may go on.

    :param cut: what the last call has left.
    :param final: whether nothing follows.
    :returns: the text, and what is left of a character at its end.
    :raises UnicodeDecodeError: it is not UTF-8, whatever may follow.
    """
    if cut:
        data = cut + data
    text, used = utf_8_decode(data, "strict", final)
    return text, data[used:]


def add_piece(pieces: list[str], text: str) -> None:
    """Append to the pieces of a text, of which there will be few, however short they come."""
    if pieces and len(pieces[-1]) < _SHORT:
        pieces[-1] += text  # or a slow peer would have us keep an object for each character
    else:
        pieces.append(text)
