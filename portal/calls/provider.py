"""What the provider tells of calls: the port that `twilio_gateway` implements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from portal.calls.status import CallStatus


class CallDirection(StrEnum):
    """Which way a call goes."""

    OUTBOUND = "OUTBOUND"
    INBOUND = "INBOUND"


@dataclass(frozen=True, slots=True)
class CallReport:
    """What one callback says of a call."""

    reference: str
    direction: CallDirection
    sender: str  # whoever calls: E.164, or another name of a caller that hides its number or has none
    recipient: str
    status: CallStatus
    duration_seconds: int | None
    at: datetime | None  # when it happened, where the provider says so


class CallReports(Protocol):
    """Reads the provider's callbacks, whose fields only the gateway knows."""

    def read(self, fields: Mapping[str, str]) -> CallReport | None:
        """The report in these form fields, or None where they tell of no call."""
        ...
