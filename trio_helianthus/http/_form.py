"""What came with a form: fields and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from ._filename import safe_filename
from ._form_limits import FormLimits
from ._form_part import MultipartReader, part_text
from ._headers import Headers
from ._http_errors import HTTPError
from ._media_type import parse_parameters
from ._multi_mapping import MultiMapping
from ._multipart_parser import PartEnd, PartEvent, PartHead, boundary_of
from ._spool import Spool
from ._upload_file import UploadFile

if TYPE_CHECKING:
    from ._request import Request

__all__ = ["Form", "FormFiles", "iterate_parts", "read_form"]

DEFAULT_LIMITS: Final = FormLimits()
URL_ENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


class FormFiles(MultiMapping[UploadFile]):
    """The files of a form by the names of their fields.

    ``files["photo"]`` is the first one of that name, :meth:`get_all` has them all.
    """

    __slots__ = ()


class Form(MultiMapping[str]):
    """The fields of a form by their names, and its :attr:`files`.

    ``form["title"]`` is the first value of that name, :meth:`get_all` has them all.
    """

    __slots__ = ("files",)

    def __init__(
        self,
        fields: Iterable[tuple[str, str]] = (),
        files: Iterable[tuple[str, UploadFile]] = (),
    ) -> None:
        super().__init__(fields)
        self.files: Final = FormFiles(files)
        """What was uploaded. A field that was left empty is not among them."""

    def close(self) -> None:
        """Close all files; the server does it when the request has been answered."""
        for _, file in self.files.pairs:
            file.close()


async def read_form(request: Request, limits: FormLimits | None) -> Form:
    """Read a form; its files are closed when it is answered. See :meth:`Request.form`."""
    limits = limits or DEFAULT_LIMITS
    if request.content_type == URL_ENCODED:
        return await _read_url_encoded(request, limits)
    form = await _read_multipart(iterate_parts(request, limits), limits)
    request.when_answered(form.close)
    return form


def iterate_parts(request: Request, limits: FormLimits | None) -> MultipartReader:
    """The parts of a multipart form. See :meth:`Request.multipart`."""
    if request.content_type != MULTIPART:
        raise HTTPError(415, "the body is not a form")
    boundary = boundary_of(request.headers["content-type"])
    return MultipartReader(request.body, boundary, limits or DEFAULT_LIMITS)


async def _read_url_encoded(request: Request, limits: FormLimits) -> Form:
    data = await request.read(max_bytes=limits.max_fields_bytes)
    if data.count(b"&") >= limits.max_fields:
        raise HTTPError(413, f"the form has more than {limits.max_fields} fields")
    # As ISO 8859-1, so that bytes that nobody has encoded reach the decoder as well.
    encoded = parse_qsl(data.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    pairs = [(_utf_8(name), _utf_8(value)) for name, value in encoded]
    if any(max(len(name), len(value)) > limits.max_field_bytes for name, value in encoded):
        raise HTTPError(413, f"a field is longer than {limits.max_field_bytes} bytes")
    return Form(pairs)


def _utf_8(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


async def _read_multipart(parts: MultipartReader, limits: FormLimits) -> Form:
    gathering = _Gathering(limits)
    try:
        while events := await parts.next_events():
            for event in events:
                if (full := gathering.take(event)) is not None:
                    await full.flush()
    except BaseException:
        gathering.close()
        raise
    return gathering.form()


class _Gathering:
    """Puts the parts of a form together: values in memory, files in spools."""

    def __init__(self, limits: FormLimits) -> None:
        self._limits = limits
        self._fields: list[tuple[str, str]] = []
        self._files: list[tuple[str, UploadFile]] = []
        self._left = limits.max_fields_bytes
        self._head: PartHead | None = None
        self._value = bytearray()
        self._spool: Spool | None = None

    def take(self, event: PartEvent) -> Spool | None:
        """Take what comes next.

        :returns: a spool that has to be flushed before the next event.
        :raises HTTPError: 413 above a limit, 400 for an unknown character set.
        """
        if isinstance(event, PartEnd):
            return self._end()
        if isinstance(event, PartHead):
            self._begin(event)
        elif self._spool is not None:
            return self._add_to_file(event, self._spool)
        else:
            self._add_to_field(event)
        return None

    def form(self) -> Form:
        """All of it; files are read from their beginning."""
        for _, file in self._files:
            file.file.seek(0)
        return Form(self._fields, self._files)

    def close(self) -> None:
        """Close the files."""
        for _, file in self._files:
            file.close()

    def _begin(self, head: PartHead) -> None:
        self._head = head
        self._value.clear()
        if head.filename is None:
            return
        self._spool = Spool(self._limits.spool_bytes)
        file = UploadFile(
            self._spool,
            filename=safe_filename(head.filename),
            raw_filename=head.filename,
            content_type=parse_parameters(head.content_type)[0],
            headers=Headers.from_wire(head.fields),
        )
        self._files.append((head.name, file))

    def _add_to_field(self, data: bytes) -> None:
        self._value += data
        most = min(self._limits.max_field_bytes, self._left)
        if len(self._value) > most:
            assert self._head is not None
            raise HTTPError(413, f"{self._head.name!r} is longer than {most} bytes")

    def _add_to_file(self, data: bytes, spool: Spool) -> Spool | None:
        most = self._limits.max_file_bytes
        if spool.size + len(data) > most:
            raise HTTPError(413, f"a file is longer than {most} bytes")
        return spool if spool.add(data) else None

    def _end(self) -> Spool | None:
        head, spool = self._head, self._spool
        assert head is not None
        self._spool = None
        if spool is None:
            self._left -= len(self._value)
            self._fields.append((head.name, part_text(head, self._value)))
        elif not spool.size and not head.filename:
            self._files.pop()  # no file was chosen
        return spool
