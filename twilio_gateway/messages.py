"""Sends messages, finds them again in Twilio's log, and reads Twilio's status callbacks."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson
from twilio.base.exceptions import TwilioException

from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import (
    Accepted,
    OutgoingMessage,
    ProviderCredentials,
    ProviderMessage,
    ProviderUnavailableError,
    Refused,
    SendOutcome,
    StatusReport,
    Throttled,
    Unknown,
)
from portal.messages.status import MessageStatus
from twilio_gateway.client import ForeignCredentialsError, TenantAccount
from twilio_gateway.errors import issue_of
from twilio_gateway.http import ErrorAnswerError, NotSentError, PortalTwilioHttp, TwilioFailureError

# What Twilio has queued has left the portal: for us it is on its way.
_STATUS = MappingProxyType(
    {
        "scheduled": MessageStatus.SCHEDULED,
        "accepted": MessageStatus.SENDING,
        "queued": MessageStatus.SENDING,
        "sending": MessageStatus.SENDING,
        "sent": MessageStatus.SENT,
        "partially_delivered": MessageStatus.SENT,
        "delivered": MessageStatus.DELIVERED,
        "read": MessageStatus.READ,
        "undelivered": MessageStatus.UNDELIVERED,
        "failed": MessageStatus.FAILED,
        "canceled": MessageStatus.CANCELED,
    }
)
_BAD_ENDS = frozenset({MessageStatus.FAILED, MessageStatus.UNDELIVERED})
_ERROR_CODE = re.compile(r"\d{1,6}", re.ASCII)
_PAGE = 1000  # the most that Twilio allows
_REQUEST_TIMEOUT = 408  # Twilio gave up reading: what it read is not known
_NOT_FOUND = 404


class TwilioMessages:
    """Implements the port `portal.messages.provider.MessageProvider`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def send(self, credentials: ProviderCredentials, message: OutgoingMessage) -> SendOutcome:
        """Hand one message over; every failure is an outcome, never an exception."""
        fields: dict[str, Any] = {"to": message.recipient, "status_callback": message.status_callback}
        if message.content is not None:
            fields["content_sid"] = message.content.reference
            if message.content.variables:
                fields["content_variables"] = orjson.dumps(message.content.variables).decode()
        elif message.body or not message.media_urls:
            fields["body"] = message.body
        if message.media_urls:
            fields["media_url"] = list(message.media_urls)
        if message.messaging_service is not None:
            fields["messaging_service_sid"] = message.messaging_service
        if message.sender is not None:
            fields["from_"] = message.sender
        try:
            created = await TenantAccount(self._http, credentials).messages.create_async(**fields)
            status = _STATUS.get(str(created.status), MessageStatus.SENDING)
            return Accepted(created.sid, status) if created.sid else Unknown("an answer without a reference")
        except Exception as error:  # noqa: BLE001  whatever broke, the request may have gone out
            return outcome_of(error)

    async def sent_to(
        self, credentials: ProviderCredentials, recipient: str, *, since: datetime
    ) -> list[ProviderMessage]:
        """The outbound messages to this recipient that Twilio made since then, newest first.

        Twilio's date filter goes by the date of sending, which a message still queued does not have: it would be
        missed, and then sent twice. So the recipient alone filters, and the date of creation decides here.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            records = await records_to(TenantAccount(self._http, credentials), recipient, since)
            return [_message(record) for record in records if str(record.direction).startswith("outbound")]

    async def fetch(self, credentials: ProviderCredentials, reference: str) -> ProviderMessage | None:
        """One message by its reference, or None where Twilio has none of that name.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            try:
                return _message(await TenantAccount(self._http, credentials).messages(reference).fetch_async())
            except ErrorAnswerError as error:
                if error.status != _NOT_FOUND:
                    raise
                return None

    async def sent_between(
        self, credentials: ProviderCredentials, since: datetime, until: datetime
    ) -> list[ProviderMessage]:
        """The latest thousand messages that left between these instants: one page of the log.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            page = await TenantAccount(self._http, credentials).messages.page_async(
                date_sent_after=since, date_sent_before=until, page_size=_PAGE
            )
            return [_message(record) for record in page]


class TwilioStatusReports:
    """Implements the port `portal.messages.provider.StatusReports`."""

    def read(self, fields: Mapping[str, str]) -> StatusReport | None:
        """The report in a status callback's form fields, or None where they hold no status that matters."""
        reference = fields.get("MessageSid") or fields.get("SmsSid")
        status = _STATUS.get(fields.get("MessageStatus") or fields.get("SmsStatus") or "")
        if not reference or status is None:
            return None
        return StatusReport(
            reference=reference,
            status=status,
            issue=_issue(status, fields.get("ErrorCode")),
            at=_done_at(fields.get("RawDlrDoneDate", "")),
            error=_error(status, fields.get("ErrorCode")),
        )


async def records_to(account: TenantAccount, number: str, since: datetime) -> list[Any]:
    """What Twilio's log has of messages to a number, made since then, newest first."""
    since = since.replace(microsecond=0)  # Twilio's dates have no fractions
    found: list[Any] = []
    page = await account.messages.page_async(to=number, page_size=_PAGE)
    while page is not None:
        records = list(page)
        found += [record for record in records if record.date_created >= since]
        if records and all(record.date_created < since for record in records):
            break
        page = await page.next_page_async()
    return found


@contextmanager
def told_unavailable() -> Iterator[None]:
    """Whatever keeps a question from its answer is said without the SDK's texts, which name addresses and numbers."""
    try:
        yield
    except (
        TwilioFailureError,
        TwilioException,
        ValueError,
        ArithmeticError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise ProviderUnavailableError(f"Twilio could not be asked: {type(error).__name__}") from None


def outcome_of(error: Exception) -> Refused | Throttled | Unknown:
    """What an error says of the request that it came of: whether it may have been taken."""
    match error:
        case ForeignCredentialsError():
            return Refused(DeliveryIssueCode.ACCOUNT_REFUSED)
        case NotSentError():
            return Throttled(None)  # nothing left this machine, so trying again is safe
        case ErrorAnswerError(status=429):
            return Throttled(error.retry_after)
        case ErrorAnswerError() if 400 <= error.status < 500 and error.status != _REQUEST_TIMEOUT:  # noqa: PLR2004  4xx
            return Refused(issue_of(error.code), None if error.code is None else str(error.code))
        case TwilioFailureError():
            return Unknown(str(error))
    return Unknown(f"unreadable answer: {type(error).__name__}")


def _message(record: Any) -> ProviderMessage:
    status = _STATUS.get(str(record.status), MessageStatus.SENDING)
    return ProviderMessage(
        reference=record.sid,
        recipient=record.to,
        sender=record.from_,
        messaging_service=record.messaging_service_sid,
        body=record.body or "",
        status=status,
        issue=_issue(status, record.error_code),
        created_at=record.date_created,
        status_at=record.date_updated,
        error=_error(status, record.error_code),
    )


def _issue(status: MessageStatus, code: object) -> DeliveryIssueCode | None:
    number = _error(status, code)
    return issue_of(int(number) if number else None) if status in _BAD_ENDS else None


def _error(status: MessageStatus, code: object) -> str | None:
    # Python refuses to read thousands of digits, and one callback that cannot be read would hold up all behind it.
    number = _ERROR_CODE.fullmatch(str(code))
    return number[0] if number and status in _BAD_ENDS else None


def _done_at(text: str) -> datetime | None:
    """The carrier's own time of the outcome: YYMMDDhhmm, UTC."""
    try:
        return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
