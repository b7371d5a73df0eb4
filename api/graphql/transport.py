"""What comes over HTTP and what goes back: bodies, parameters, media types, request ids."""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Send

from api.graphql.failures import STATUS, Outcome, refused
from api.graphql.limits import Limits
from portal_schema.errors import ErrorCode

GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
JSON = "application/json"
NO_NUL = "Texts cannot hold the character U+0000."  # PostgreSQL's cannot
_REQUEST_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """A GraphQL request, as it came."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any] | None


class HungUp(Exception):  # noqa: N818  no error: there is nobody left to answer
    """The client closed the connection."""


def request_id_of(headers: Headers) -> str:
    """The client's X-Request-Id where it is short and harmless, else a new one."""
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


@lru_cache(maxsize=256)
def media_type_for(accept: str | None) -> str | None:
    """The media type to answer in, or None where the client takes neither; without Accept it is JSON.

    By RFC 9110: the range that names a type most closely gives its weight.
    """
    if accept is None or not accept.strip():
        return JSON
    weights = _weights(accept)
    modern = weights.get(GRAPHQL_RESPONSE, weights.get("application/*", weights.get("*/*", 0.0)))
    legacy = weights.get(JSON, weights.get("application/*", weights.get("*/*", 0.0)))
    # Where a wildcard takes both alike it is JSON, which every client understands.
    preferred = modern > legacy or (modern == legacy and GRAPHQL_RESPONSE in weights)
    if max(modern, legacy) == 0:
        return None
    return GRAPHQL_RESPONSE if preferred else JSON


def asks_for_a_page(request: Request) -> bool:
    """Whether a browser opens the address, rather than a client sends an operation."""
    weights = _weights(request.headers.get("accept", ""))
    return request.method == "GET" and "text/html" in weights and not {JSON, GRAPHQL_RESPONSE} & weights.keys()


def asks_for_events(request: Request) -> bool:
    """Whether the client takes server-sent events (GraphQL over SSE, distinct connections mode)."""
    return EVENT_STREAM in _weights(request.headers.get("accept", ""))


async def read_parameters(request: Request, limits: Limits) -> Parameters:
    """The request's parameters, from the body of a POST or the address of a GET.

    Raises:
        Refusal: the body is too long, too slow, of another media type, no JSON, or no GraphQL request.
        HungUp: the client went away.
    """
    if request.method == "GET":
        given: Any = {**request.query_params}
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = read_json(given[name].encode(), limits)
    else:
        _check_content(request.headers)
        given = read_json(await _body(request, limits), limits)
    return parameters_of(given)


def parameters_of(given: Any) -> Parameters:
    """The parameters in what was sent as JSON.

    Raises:
        Refusal: it is no GraphQL request.
    """
    if not isinstance(given, dict):
        raise refused(Outcome.MALFORMED, "The body has to be one JSON object; batches are not taken.")
    query: Any = given.get("query")
    operation_name: Any = given.get("operationName")
    if not isinstance(query, str):
        raise refused(Outcome.MALFORMED, "'query' has to be given, as a string.")
    if not isinstance(operation_name, str | None):
        raise refused(Outcome.MALFORMED, "'operationName' has to be a string or null.")
    return Parameters(query, operation_name, _mapping(given, "variables") or {}, _mapping(given, "extensions"))


async def send_answer(
    send: Send, outcome: Outcome | ErrorCode | int, media_type: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """Send a GraphQL answer."""
    status = outcome if isinstance(outcome, int) else STATUS[outcome][media_type == JSON]
    lines = {
        "content-type": f"{media_type}; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "vary": "Accept",
        **headers,
    }
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def until_hung_up(receive: Receive) -> None:
    """Return when the client closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def encode(answer: Mapping[str, Any]) -> bytes:
    """An answer as JSON; scalars are serialised by now, so that the rest is for what a JSON scalar may hold."""
    try:
        return orjson.dumps(answer, default=str)
    except TypeError:  # an integer of more than 64 bits, or more than 254 levels
        return json.dumps(answer, default=str, allow_nan=False).encode()


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for media_range in accept[:1024].split(","):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        weights[name] = float(weight) if re.fullmatch(r"[01](\.\d{0,3})?", weight) else 0.0
    return weights


def _check_content(headers: Headers) -> None:
    name, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charset = next((one[8:].strip('"') for one in parameters if one.startswith("charset=")), "utf-8")
    if name != JSON or charset not in {"utf-8", "utf8"} or headers.get("content-encoding", "identity") != "identity":
        message = f"Send the operation as {JSON} in UTF-8, not compressed."
        raise refused(Outcome.WRONG_MEDIA_TYPE, message, {"accept-post": JSON})


async def _body(request: Request, limits: Limits) -> bytes:
    too_large = refused(Outcome.BODY_TOO_LARGE, f"A body may have {limits.body_bytes} bytes.")
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limits.body_bytes:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                event = await request.receive()
                if event["type"] == "http.disconnect":
                    raise HungUp
                parts.append(event.get("body", b""))
                size += len(parts[-1])
                if size > limits.body_bytes:
                    raise too_large
                if not event.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise refused(Outcome.BODY_TOO_SLOW, "The body did not arrive in time.") from None


def read_json(text: bytes, limits: Limits) -> Any:
    """JSON that is neither too deep nor of too many objects.

    Raises:
        Refusal: it is, or is no JSON.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise refused(Outcome.MALFORMED, "What was sent is not JSON in UTF-8.") from None
    if text.count(b"[") + text.count(b"{") > min(limits.variables_depth, limits.objects):
        _check_shape(value, limits)
    return value


def _check_shape(value: Any, limits: Limits) -> None:
    """Refuse what is nested too deep, and more objects than coercing them one by one should cost everybody else."""
    level, objects = [value], 0
    for _ in range(limits.variables_depth + 1):
        objects += sum(isinstance(one, dict) for one in level)
        if objects > limits.objects:
            raise refused(Outcome.MALFORMED, f"JSON may hold {limits.objects} objects.")
        level = [
            child
            for one in level
            if isinstance(one, (dict, list))
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise refused(Outcome.MALFORMED, f"JSON may be nested {limits.variables_depth} deep.")


def _mapping(given: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = given.get(name)
    if not isinstance(value, dict | None):
        raise refused(Outcome.MALFORMED, f"'{name}' has to be an object or null.")
    if b"\\u0000" in orjson.dumps(value).replace(b"\\\\", b""):
        raise refused(Outcome.MALFORMED, NO_NUL)
    return value
