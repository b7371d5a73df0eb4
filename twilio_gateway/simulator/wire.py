"""Twilio's formats: dates, error bodies, and pages of lists."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

_TEXTS = {
    20001: "Unknown parameters",
    20003: "Authenticate",
    20004: "Method not allowed",
    20005: "Account not active",
    20009: "Cannot delete this resource before it is complete",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21205: "A 'Url' or 'Twiml' parameter is required, of at most 4000 characters",
    21210: "The 'From' phone number is not one of this account",
    21211: "The 'To' number is not a valid phone number",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21422: "The PhoneNumber is not available",
    21480: "The maximum number of subaccounts was reached",
    21602: "Message body is required",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number is not a valid, SMS-capable number of this account",
    21609: "The 'StatusCallback' URL is not a valid URL",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "The 'To' phone number is not reachable by this kind of message",
    21614: "The 'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds the limit of 10",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    21701: "The Messaging Service does not exist",
    21704: "The Messaging Service contains no phone numbers",
    21710: "The phone number is already in the Messaging Service",
    30400: "A message cannot be redacted and canceled at once",
    30409: "The message can no longer be canceled",
    92002: "The 'variables' parameter exceeds the allowed limit",
}
_LARGEST_PAGE = 1000
_USUAL_PAGE = 50


class TwilioError(Exception):
    """An answer in Twilio's error format."""

    def __init__(self, status: int, code: int, *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def response(self) -> Response:
        """The answer."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:  # noqa: PLR2004  RFC 9110 section 15.5.2 asks for the challenge
            headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        body = {
            "code": self.code,
            "message": _TEXTS[self.code],
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return JSONResponse(body, self.status, headers)


def rfc2822(epoch: float | None) -> str | None:
    """A date of the 2010-04-01 API."""
    return None if epoch is None else format_datetime(datetime.fromtimestamp(epoch, UTC))


def iso(epoch: float) -> str:
    """A date of every other API."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Page:
    """One page of a list: Twilio pages by a token, never by a number, and tells no total."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.filters = {name: value for name, value in fields.items() if name not in {"PageSize", "Page", "PageToken"}}
        try:
            self.size = min(max(int(fields.get("PageSize", _USUAL_PAGE)), 1), _LARGEST_PAGE)
            self.index = max(int(fields.get("Page", "0")), 0)
            token = fields.get("PageToken", "")
            self.after = int(token.removeprefix("PA")) if token else None
        except ValueError:
            raise TwilioError(400, 20001) from None

    def cut(self, rows: list[Any]) -> tuple[list[Any], int | None]:
        """This page's rows out of those read (one more than fit, where there are more), and where the next begins."""
        kept = rows[: self.size]
        return kept, int(kept[-1]["seq"]) if len(rows) > self.size else None

    def address(self, path: str, *, index: int, after: int | None = None) -> str:
        """The address of a page of this list."""
        token = {} if after is None else {"PageToken": f"PA{after:032d}"}
        return f"{path}?{urlencode({**self.filters, 'PageSize': self.size, 'Page': index, **token})}"

    def legacy(self, key: str, path: str, rows: list[Any], render: Callable[[Any], Any]) -> dict[str, Any]:
        """The list in the format of the 2010-04-01 API."""
        kept, after = self.cut(rows)
        start = self.index * self.size
        return {
            key: [render(row) for row in kept],
            "first_page_uri": self.address(path, index=0),
            "next_page_uri": None if after is None else self.address(path, index=self.index + 1, after=after),
            "previous_page_uri": None,
            "uri": self.address(path, index=self.index, after=self.after),
            "page": self.index,
            "page_size": self.size,
            "start": start,
            "end": start + max(len(kept) - 1, 0),
        }

    def modern(self, key: str, url: str, rows: list[Any], render: Callable[[Any], Any]) -> dict[str, Any]:
        """The list in the format of every other API, whose addresses are absolute."""
        kept, after = self.cut(rows)
        return {
            key: [render(row) for row in kept],
            "meta": {
                "key": key,
                "page": self.index,
                "page_size": self.size,
                "url": self.address(url, index=self.index, after=self.after),
                "first_page_url": self.address(url, index=0),
                "next_page_url": None if after is None else self.address(url, index=self.index + 1, after=after),
                "previous_page_url": None,
            },
        }
