"""What came with a form: fields and files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from ._form_part import FormLimits, FormPart, MultipartReader
from ._headers import Headers
from ._http_errors import HTTPError
from ._multi_mapping import MultiMapping
from ._multipart_parser import boundary_of
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
    data = await request.body.read(max_bytes=limits.max_fields_bytes)
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
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, UploadFile]] = []
    left = limits.max_fields_bytes
    try:
        async for part in parts:
            if part.filename is None:
                text = await part.text(max_bytes=min(limits.max_field_bytes, left))
                left -= len(text)
                fields.append((part.name, text))
            else:
                file = _empty_file(part, limits)
                files.append((part.name, file))
                if not await _fill(file, part, limits) and not part.raw_filename:
                    files.pop()  # no file was chosen
    except BaseException:
        for _, file in files:
            file.close()
        raise
    return Form(fields, files)


def _empty_file(part: FormPart, limits: FormLimits) -> UploadFile:
    return UploadFile(
        Spool(limits.spool_bytes),
        filename=part.filename or "",
        raw_filename=part.raw_filename or "",
        content_type=part.content_type,
        headers=Headers(part.headers),
    )


async def _fill(file: UploadFile, part: FormPart, limits: FormLimits) -> int:
    spool = file._spool
    async for data in part:
        if spool.size + len(data) > limits.max_file_bytes:
            raise HTTPError(413, f"a file is longer than {limits.max_file_bytes} bytes")
        await spool.write(data)
    await spool.flush()
    spool.file.seek(0)
    return spool.size
