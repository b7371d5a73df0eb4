"""Texts that Twilio keeps and fills itself: its Content API."""

from http import HTTPStatus
from typing import Any

from portal.messages.provider import ProviderCredentials
from portal.templates.content import NumberedText
from portal.templates.provider import NotTaken, Published
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp
from twilio_gateway.messages import told_unavailable

_LANGUAGE = "en"  # it has to have one, and tells it to channels alone that approve templates
_PAGE = 1000  # the most that Twilio allows
_NOT_TAKEN = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class TwilioContents:
    """Implements the port `portal.templates.provider.ContentProvider`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def publish(self, credentials: ProviderCredentials, name: str, text: NumberedText) -> Published | NotTaken:
        """Create a content of this name.

        Raises:
            ProviderUnavailableError: no answer, or one that another try may change; it may be there all the same.
        """
        with told_unavailable():
            try:
                created = await TenantAccount(self._http, credentials).contents.create_async(_Request(name, text))
            except ErrorAnswerError as error:
                if error.status not in _NOT_TAKEN:
                    raise
                return NotTaken(None if error.code is None else str(error.code))
            return Published(_sid(created))

    async def find(self, credentials: ProviderCredentials, name: str) -> str | None:
        """The SID of the oldest content of this name, or None; Twilio has no filter for it.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            records = await TenantAccount(self._http, credentials).contents.list_async(page_size=_PAGE)
            found = [record for record in records if record.friendly_name == name]
            return min(found, key=lambda one: (one.date_created, one.sid)).sid if found else None

    async def withdraw(self, credentials: ProviderCredentials, reference: str) -> None:
        """Delete a content; one that is gone is deleted.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            try:
                await TenantAccount(self._http, credentials).contents(reference).delete_async()
            except ErrorAnswerError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise


class _Request:
    """What is asked for and no more: the SDK's own request names each type that it knows, with null."""

    def __init__(self, name: str, text: NumberedText) -> None:
        self._name = name
        self._text = text

    def to_dict(self) -> dict[str, Any]:
        """The body, in the shape that the SDK passes on."""
        return {
            "friendly_name": self._name,
            "language": _LANGUAGE,
            "variables": dict(self._text.examples),
            "types": {"twilio/text": {"body": self._text.body}},
        }


def _sid(record: Any) -> str:
    if not record.sid:
        raise ValueError("an answer without a reference")
    return str(record.sid)
