"""Reads what comes to a webhook, bounded before it is parsed."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request

from auth.forms import FORM, BadFormError, media_type, read_body

_LARGEST_FORM = 64 * 1024  # some 20 short fields; a debugger event quotes a request and its answer
_LARGEST_JSON = 512 * 1024
_MOST_FIELDS = 200
_JSON = ("application/json", "application/cloudevents-batch+json")


async def read_fields(request: Request) -> dict[str, str]:
    """The form's fields; a repeated field is none of Twilio's.

    Raises:
        HTTPException: another media type (415), too large (413), too slow (408), or malformed (400).
    """
    if media_type(request) != FORM:
        raise HTTPException(415)
    body = await _body(request, _LARGEST_FORM)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in text for pair in pairs for text in pair):
        raise HTTPException(400)
    return fields


async def read_json(request: Request) -> bytes:
    """The bytes of a JSON body, as they were signed.

    Raises:
        HTTPException: as `read_fields`.
    """
    if media_type(request) not in _JSON:
        raise HTTPException(415)
    return await _body(request, _LARGEST_JSON)


def parse_array(body: bytes) -> list[dict[str, Any]]:
    """The objects in a JSON array.

    Raises:
        HTTPException: it is something else (400).
    """
    try:
        found = orjson.loads(body)
    except ValueError as error:
        raise HTTPException(400) from error
    # PostgreSQL's jsonb holds no U+0000, in whatever depth.
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found) or b"\\u0000" in body:
        raise HTTPException(400)
    return found


async def _body(request: Request, largest: int) -> bytes:
    try:
        return await read_body(request, largest=largest)
    except BadFormError as error:
        raise HTTPException(error.status) from error
