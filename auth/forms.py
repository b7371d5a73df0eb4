"""Reads `application/x-www-form-urlencoded` bodies strictly: small, UTF-8, each field once."""

import asyncio
import re
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

_LARGEST = 16 * 1024
_SECONDS = 10.0  # for a body that a proxy has whole, or a browser sends at once
_MOST_FIELDS = 20
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
FORM = "application/x-www-form-urlencoded"


class BadFormError(Exception):
    """The body cannot be read; the status says in which way."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def media_type(request: Request) -> str:
    """The media type of the body, in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_form(request: Request) -> dict[str, str]:
    """The fields; one without a value counts as absent (RFC 6749, 3.2).

    Raises:
        BadFormError: another media type (415), too large (413), or malformed (400).
    """
    if media_type(request) != FORM:
        raise BadFormError(415, f"The body has to be {FORM}.")
    body = await read_body(request)
    if _BROKEN_ESCAPE.search(body):
        raise BadFormError(400, "The body has a broken percent-encoding.")
    try:
        fields = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadFormError(400, "The body is not a form in UTF-8.") from None
    if len(dict(fields)) != len(fields):
        raise BadFormError(400, "A parameter is repeated.")
    return dict(fields)


async def read_body(request: Request, *, largest: int = _LARGEST, seconds: float = _SECONDS) -> bytes:
    """The body, as far as it is small and comes soon: anybody may begin one.

    Raises:
        BadFormError: it is too large (413), too slow (408), or breaks off (400).
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > largest:
                    raise BadFormError(413, "The body is too large.")
    except TimeoutError:
        raise BadFormError(408, "The body did not arrive in time.") from None
    except ClientDisconnect:
        raise BadFormError(400, "The body broke off.") from None
    return bytes(body)
