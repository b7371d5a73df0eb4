"""Carries the SDK's requests: one pool for all tenants, a real deadline for each request, and no retries."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from yarl import URL

_JSON = "application/json"
_DOMAIN = ".twilio.com"
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)
_FIRST_REFUSAL = 300  # the SDK never asks to follow a redirect


class TwilioFailureError(Exception):
    """A request to Twilio that brought no result; its text holds no address, number or secret."""


class NotSentError(TwilioFailureError):
    """No connection came about, so Twilio saw nothing of the request."""


class NoAnswerError(TwilioFailureError):
    """The request went out and nothing came back: it may have been carried out."""


class ErrorAnswerError(TwilioFailureError):
    """Twilio answered with an error."""

    def __init__(self, status: int, code: int | None, retry_after: timedelta | None) -> None:
        super().__init__(f"Twilio answered {status}, error {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Answer:
    """A good answer, in the shape that the SDK reads."""

    def __init__(self, status_code: int, text: str, headers: Mapping[str, str]) -> None:
        self.status_code = status_code
        self.content = self.text = _exact(text)
        self.headers = headers
        self.ok = True
        self.cached = False


class PortalTwilioHttp:
    """The http client under every SDK client: it keeps nothing of a request, so none can see another's answer.

    The SDK's own client ignores its timeout, sends JSON bodies as forms, repeats POSTs, logs addresses and forgets
    headers. Its exceptions lack headers or status, so errors are raised here, before it makes them.
    """

    is_async = True

    def __init__(self, *, api_base: str | None, timeout: timedelta, connections: int = 100) -> None:
        self._base = api_base.rstrip("/") if api_base else None
        self._timeout = timeout.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),  # shared by all tenants
            # A wait for a connection must end before the deadline: only then it is certain that nothing was sent.
            timeout=aiohttp.ClientTimeout(total=None, connect=self._timeout / 2),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the SDK's signature
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002  the SDK's signature
    ) -> Answer:
        """Send one request, once.

        Raises:
            NotSentError: there was no connection.
            NoAnswerError: the answer did not come, or not in time.
            ErrorAnswerError: the answer is an error.
        """
        sent_headers = dict(headers or {})
        if auth is not None:
            sent_headers["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        body = _body(sent_headers.get("Content-Type", ""), data)
        url = _with_query(self._address(uri), params)
        try:
            async with (
                asyncio.timeout(timeout or self._timeout),
                self._session.request(
                    method, URL(url, encoded=True), data=body, headers=sent_headers, allow_redirects=False
                ) as response,
            ):
                text = await response.text("utf-8", errors="replace")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSentError(f"no connection to Twilio: {type(error).__name__}") from None
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise NoAnswerError(f"no answer from Twilio: {type(error).__name__}") from None
        if response.status >= _FIRST_REFUSAL:
            raise ErrorAnswerError(response.status, _code(text), _retry_after(response.headers))
        return Answer(response.status, text, response.headers)

    def _address(self, uri: str) -> str:
        """Where the request goes: Twilio's host, or the simulator's path that is named after it."""
        parts = urlsplit(uri)
        host = parts.hostname or ""
        # A next page's address comes from the other side: credentials go nowhere but to Twilio.
        if parts.scheme != "https" or not host.endswith(_DOMAIN) or parts.port or parts.username:
            raise ValueError("not an address of Twilio's")
        if self._base is None:
            return uri
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._base}/{host.removesuffix(_DOMAIN)}{parts.path}{query}"


def _with_query(url: str, params: Mapping[str, Any] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{_form(params)}"


def _body(content_type: str, data: Mapping[str, Any] | None) -> bytes | None:
    if data is None:
        return None
    if content_type.startswith(_JSON):
        return orjson.dumps(data)
    return _form(data).encode()


def _form(fields: Mapping[str, Any]) -> str:
    plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}
    return urlencode(plain, doseq=True)


def _exact(text: str) -> str:
    """The answer with its decimal numbers as texts: the SDK would make binary floats of prices."""
    try:
        return json.dumps(json.loads(text, parse_float=str, parse_constant=str))
    except ValueError:
        return text


def _code(text: str) -> int | None:
    """The error's number: both of Twilio's error formats have it under the same name."""
    try:
        return int(orjson.loads(text)["code"])
    except (ValueError, TypeError, KeyError):
        return None


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The seconds to wait (RFC 9110 section 10.2.3), where there are any that make sense."""
    text = headers.get("Retry-After", "")
    return timedelta(seconds=int(text)) if _SECONDS.fullmatch(text) else None
