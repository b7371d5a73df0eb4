"""Makes calls, and finds them again in Twilio's log."""

from datetime import datetime
from typing import Any

from portal.calls.provider import CallDirection, CallOutcome, CallReport, Made, OutgoingCall
from portal.calls.status import CallStatus
from portal.messages.provider import ProviderCredentials, Unknown
from twilio_gateway.call_reports import SECONDS, STATUS
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import ErrorAnswerError, PortalTwilioHttp
from twilio_gateway.messages import outcome_of, told_unavailable
from twilio_gateway.voice import say

_EVENTS = ["initiated", "ringing", "answered", "completed"]
_RING_SECONDS = 30
_PAGE = 1000  # the most that Twilio allows
_NOT_FOUND = 404


class TwilioCalls:
    """Implements the port `portal.calls.provider.CallProvider`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def make(self, credentials: ProviderCredentials, call: OutgoingCall) -> CallOutcome:
        """Hand one call over; every failure is an outcome, never an exception."""
        try:
            created = await TenantAccount(self._http, credentials).calls.create_async(
                to=call.recipient,
                from_=call.sender,
                twiml=say(call.speech),
                time_limit=call.seconds,
                timeout=_RING_SECONDS,
                status_callback=call.status_callback,
                status_callback_event=_EVENTS,
            )
            return Made(_report(created)) if created.sid else Unknown("an answer without a reference")
        except Exception as error:  # noqa: BLE001  whatever broke, the request may have gone out
            return outcome_of(error)

    async def made(
        self, credentials: ProviderCredentials, recipient: str, sender: str, *, since: datetime
    ) -> list[CallReport]:
        """The calls between these two that Twilio made since then, the oldest first.

        Twilio's date filter goes by the start, which a call still queued does not have: the date of creation decides.

        Raises:
            ProviderUnavailableError: no answer.
        """
        since = since.replace(microsecond=0)  # Twilio's dates have no fractions
        with told_unavailable():
            calls = TenantAccount(self._http, credentials).calls
            records = await calls.list_async(to=recipient, from_=sender, page_size=_PAGE, limit=_PAGE)
            made = [one for one in records if one.direction == "outbound-api" and one.date_created >= since]
            return [_report(one) for one in sorted(made, key=lambda one: (one.date_created, one.sid))]

    async def fetch(self, credentials: ProviderCredentials, reference: str) -> CallReport | None:
        """One call by its reference, or None where Twilio has none of that name.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            try:
                return _report(await TenantAccount(self._http, credentials).calls(reference).fetch_async())
            except ErrorAnswerError as error:
                if error.status == _NOT_FOUND:
                    return None
                raise


def _report(record: Any) -> CallReport:
    seconds = SECONDS.fullmatch(str(record.duration or ""))
    return CallReport(
        reference=record.sid,
        direction=CallDirection.INBOUND if record.direction == "inbound" else CallDirection.OUTBOUND,
        sender=record._from,  # noqa: SLF001  the SDK has no public name for it
        recipient=record.to,
        status=STATUS.get(str(record.status), CallStatus.QUEUED),
        duration_seconds=int(seconds[0]) if seconds else None,
        at=record.end_time or record.start_time or record.date_created,
    )
