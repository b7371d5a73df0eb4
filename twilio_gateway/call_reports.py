"""Reads Twilio's callbacks about calls."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from portal.calls.provider import CallDirection, CallReport
from portal.calls.status import CallStatus

# https://www.twilio.com/docs/voice/api/call-resource#call-status-values; "initiated" is told in callbacks alone.
STATUS = MappingProxyType(
    {
        "queued": CallStatus.QUEUED,
        "initiated": CallStatus.QUEUED,
        "ringing": CallStatus.RINGING,
        "in-progress": CallStatus.IN_PROGRESS,
        "completed": CallStatus.COMPLETED,
        "busy": CallStatus.BUSY,
        "no-answer": CallStatus.NO_ANSWER,
        "failed": CallStatus.FAILED,
        "canceled": CallStatus.CANCELED,
    }
)
SECONDS = re.compile(r"\d{1,7}", re.ASCII)


class TwilioCallReports:
    """Implements the port `portal.calls.provider.CallReports`."""

    def read(self, fields: Mapping[str, str]) -> CallReport | None:
        """The report in a callback's form fields, or None where they tell of no call or no status that matters."""
        reference = fields.get("CallSid")
        status = STATUS.get(fields.get("CallStatus") or "")
        sender, recipient = fields.get("From"), fields.get("To")
        if not reference or status is None or not sender or not recipient:
            return None
        seconds = SECONDS.fullmatch(fields.get("CallDuration", ""))
        inbound = fields.get("Direction") == "inbound"
        return CallReport(
            reference=reference,
            direction=CallDirection.INBOUND if inbound else CallDirection.OUTBOUND,
            sender=sender,
            recipient=recipient,
            status=status,
            duration_seconds=int(seconds[0]) if seconds else None,
            at=_instant(fields.get("Timestamp", "")),
        )


def _instant(text: str) -> datetime | None:
    """When it happened: an RFC 2822 date, UTC."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
