"""Fields that many answers share end the connection all the same, where they say so."""

from __future__ import annotations

from tests.http.conftest import Serve
from trio_helianthus import http


async def test_fields_that_end_the_connection_end_it(serve: Serve, no_errors: None) -> None:
    fields = http.Headers({"Connection": "close"})

    async def answer(request: http.Request) -> http.Response:
        return http.Response.from_wire(200, fields, b"fine")

    server = await serve(answer)
    async with http.open_client(server.url) as client:
        for _ in range(2):
            assert (await client.get("/")).headers["connection"] == "close"
