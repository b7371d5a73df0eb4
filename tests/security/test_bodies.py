"""Who begins a body and does not end it holds nothing up, and writes nothing into the log."""

import asyncio
import logging
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.forms import BadFormError, read_body
from tests.product import Product
from tests.serving import free_port, serving

FORM = "application/x-www-form-urlencoded"
ROUTES = [
    ("/oauth/token", FORM),
    ("/sign-in", FORM),
    ("/session/tenant", "application/json"),
    (f"/webhooks/twilio/{UUID(int=1)}/messages/{UUID(int=2)}", FORM),
]


def _begun(path: str, media_type: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Sec-Fetch-Site: same-origin", f"Content-Type: {media_type}"]
    return "\r\n".join([*lines, "Content-Length: 100", "", "a"]).encode()


async def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async def answer(request: Request) -> Response:
        try:
            return Response(await read_body(request, seconds=0.1))
        except BadFormError as error:
            return Response(str(error), error.status)

    app = Starlette(routes=[Route("/", answer, methods=["POST"])])
    async with serving(app, free_port()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_begun("/", FORM))
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
        writer.close()


@pytest.mark.parametrize(("path", "media_type"), ROUTES)
async def test_hanging_up_in_the_middle_is_no_fault(
    product: Product, caplog: pytest.LogCaptureFixture, path: str, media_type: str
) -> None:
    with caplog.at_level(logging.INFO):
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(product.url).port)
        writer.write(_begun(path, media_type))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await _answered(product, path, media_type)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def _answered(product: Product, path: str, media_type: str) -> None:
    """The next one is answered, by which time the server has heard of the hang-up before it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(product.url).port)
    writer.write(_begun(path, media_type) + b"b" * 99)
    assert (await reader.readline()).startswith(b"HTTP/1.1 4")
    writer.close()
