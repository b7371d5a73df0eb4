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
    return parse_form(await read_body(request))


def parse_form(encoded: bytes) -> dict[str, str]:
    """The fields of a body or a query; `resource` may be repeated (RFC 8707, 2), and its values come joined by spaces.

    Raises:
        BadFormError: malformed, or another parameter is repeated.
    """
    if _BROKEN_ESCAPE.search(encoded):
        raise BadFormError(400, "A percent-encoding is broken.")
    try:
        sent = parse_qsl(encoded.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadFormError(400, "This is not a form in UTF-8.") from None
    fields: dict[str, str] = {}
    for name, value in sent:
        if name in fields and name != "resource":
            raise BadFormError(400, "A parameter is repeated.")
        fields[name] = f"{fields[name]} {value}" if name in fields else value
    return fields


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
