"""A folder of files as a handler."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from ._accept import encoding_weights
from ._content_types import content_type_of
from ._file_response import answer_with, opened
from ._headers import Headers
from ._http_errors import HTTPError
from ._opened_file import OpenedFile, open_regular
from ._request import Request
from ._response import Response
from ._static_path import static_path

__all__ = ["StaticFiles"]

_PACKED: Final = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
"""Content codings, best first, and the endings of the files that are packed with them."""


class StaticFiles:
    """Serves the files of a folder; a handler, which can be mounted.

    ::

        router.mount("/static", http.StaticFiles("site", cache_control="max-age=3600"))

    What ``Range`` and the conditions of a request ask for is done, as :meth:`Response.file` does
    it. Nothing outside of the folder can be reached: not by ``..`` in any encoding, and not by
    symbolic links, unless you allow them. Only regular files are served, none that begins with a
    dot, and there are no listings.

    :param folder: where the files are.
    :param index: the file that stands for a folder; ``None`` for none. A folder that is asked for
        without a slash at the end is redirected to, so that relative links work.
    :param fallback: the file that is sent, as with status 200, to a browser that navigates to
        what is not there: the page of an application with URLs of its own. A missing image or
        script, which is not asked for as ``text/html``, remains a 404.
    :param cache_control: for ``Cache-Control``, such as ``"max-age=3600"``; or a function from the
        path within the folder, with slashes, to that. The fallback has ``no-cache``.
    :param precompressed: send ``name.zst``, ``name.br`` or ``name.gz`` in place of ``name`` to a
        client that takes it.
    :param hidden: serve names that begin with a dot, too.
    :param follow_symlinks: also out of the folder. Whoever can make a link there, can publish
        every file that this process can read.
    :raises NotADirectoryError: there is no such folder.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        index: str | None = "index.html",
        fallback: str | None = None,
        cache_control: str | Callable[[str], str | None] | None = None,
        precompressed: bool = False,
        hidden: bool = False,
        follow_symlinks: bool = False,
    ) -> None:
        self._folder: Final = os.path.realpath(folder)
        if not Path(self._folder).is_dir():
            raise NotADirectoryError(f"no folder to serve files of: {folder}")
        self._index = index
        self._fallback = fallback
        self._cache_control = cache_control
        self._precompressed = precompressed
        self._hidden = hidden
        self._follow_symlinks = follow_symlinks

    async def __call__(self, request: Request) -> Response:
        """Answer with the file that the request's path names.

        :raises HTTPError: 404, or 405 for a method other than ``GET`` and ``HEAD``.
        """
        if request.method not in ("GET", "HEAD"):
            raise HTTPError(405, headers={"Allow": "GET, HEAD"})
        names = static_path(request.raw_path, hidden=self._hidden)
        if names is not None:
            response = await self._answer(request, names)
            if response is not None:
                return response
        if self._fallback is not None and _navigates(request):
            response = await self._send(request, [self._fallback], is_fallback=True)
            if response is not None:
                return response
        raise HTTPError(404)

    async def _answer(self, request: Request, names: list[str]) -> Response | None:
        if request.raw_path.endswith("/"):
            return None if self._index is None else await self._send(request, [*names, self._index])
        try:
            return await self._send(request, names)
        except IsADirectoryError:  # so that relative links in its index lead below it
            _, mark, query = request.target.partition("?")
            url = f"{request.root_path}{request.raw_path}/{mark}{query}"
            return Response.redirect(url, status=308)

    async def _send(
        self, request: Request, names: list[str], *, is_fallback: bool = False
    ) -> Response | None:
        """The answer with a file; ``None`` where there is none.

        :raises IsADirectoryError: it is a folder that has an index.
        """
        file = await opened(partial(self._open, names, self._codings(request)))
        if file is None:
            return None
        try:
            fields = Headers({"Content-Type": content_type_of(names[-1])})
            given = "no-cache" if is_fallback else self._cache_control
            cache_control = given("/".join(names)) if callable(given) else given
            if cache_control is not None:
                fields["Cache-Control"] = cache_control
            if self._precompressed:
                fields["Vary"] = "Accept-Encoding"
            if is_fallback:  # others get a 404
                fields["Vary"] = ", ".join(["Accept", *fields.get_all("vary")])
            status, fields, body = answer_with(file, request, fields)
            return Response(body, status=status, headers=fields)
        except BaseException:
            file.close()
            raise

    def _codings(self, request: Request) -> tuple[str, ...]:
        if not self._precompressed:
            return ()
        weights = encoding_weights(", ".join(request.headers.get_all("accept-encoding")))
        liked = {coding: weights.get(coding, weights.get("*", 0.0)) for coding in _PACKED}
        plain = weights.get("identity", 0.0)
        accepted = [coding for coding in _PACKED if liked[coding] > 0 and liked[coding] >= plain]
        return tuple(sorted(accepted, key=lambda coding: -liked[coding]))

    # ---- in a thread

    def _open(self, names: list[str], codings: tuple[str, ...]) -> OpenedFile | None:
        path = self._find(names)
        if path is None:
            return None
        if os.path.isdir(path):  # noqa: PTH112
            if self._index is not None and self._find([*names, self._index]) is not None:
                raise IsADirectoryError(path)
            return None
        for coding in codings:
            packed = self._find([*names[:-1], names[-1] + _PACKED[coding]])
            if packed is not None and (file := _open_it(packed, coding)) is not None:
                return file
        return _open_it(path)

    def _find(self, names: list[str]) -> str | None:
        """The real path of a file or folder; ``None`` where it leads out, or there is nothing."""
        path = self._folder
        has_links = False
        for name in names:
            path = os.path.join(path, name)  # noqa: PTH118 - pathlib takes several times as long
            has_links = has_links or os.path.islink(path)  # noqa: PTH114
        if has_links:
            path = os.path.realpath(path)
            inside = os.path.join(os.path.normcase(self._folder), "")  # noqa: PTH118
            is_inside = os.path.join(os.path.normcase(path), "").startswith(inside)  # noqa: PTH118
            if not is_inside and not self._follow_symlinks:
                return None
        return path if os.path.exists(path) else None  # noqa: PTH110


def _open_it(path: str, coding: str | None = None) -> OpenedFile | None:
    try:
        return open_regular(path, coding=coding, flags=_NO_LINKS)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)
"""The path is a real one: a link that appears in its place now is not followed."""


def _navigates(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "").lower()
