"""What the provider tells of calls and does with them: the ports that `twilio_gateway` implements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from portal.calls.speech import Speech
from portal.calls.status import CallStatus
from portal.messages.provider import ProviderCredentials, Refused, Throttled, Unknown


class CallDirection(StrEnum):
    """Which way a call goes."""

    OUTBOUND = "OUTBOUND"
    INBOUND = "INBOUND"


@dataclass(frozen=True, slots=True)
class CallReport:
    """What one callback, answer or entry of the provider's log says of a call."""

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


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """A call that says something, ready to be made."""

    recipient: str  # E.164
    sender: str  # E.164
    speech: Speech
    seconds: int  # it is ended after so many
    status_callback: str  # an absolute URL that names the tenant and the call


@dataclass(frozen=True, slots=True)
class Made:
    """The provider took it."""

    report: CallReport


CallOutcome = Made | Refused | Throttled | Unknown


class CallProvider(Protocol):
    """Makes calls, and tells what became of them; a question without an answer raises ProviderUnavailableError."""

    async def make(self, credentials: ProviderCredentials, call: OutgoingCall) -> CallOutcome:
        """Hand one call over; every failure is an outcome, never an exception."""
        ...

    async def made(
        self, credentials: ProviderCredentials, recipient: str, sender: str, *, since: datetime
    ) -> list[CallReport]:
        """The calls between these two that the provider made since then, the oldest first."""
        ...

    async def fetch(self, credentials: ProviderCredentials, reference: str) -> CallReport | None:
        """One call by its reference, or None where the provider has none of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Forward:
    """Another number is called, and the caller is connected with it."""

    recipient: str
    caller: str  # the tenant's own number, which the callee sees
    seconds: int
    status_callback: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Something is said, and the call ends."""

    speech: Speech


@dataclass(frozen=True, slots=True)
class Reject:
    """It is not answered."""


CallAnswer = Forward | Announce | Reject


class CallAnswers(Protocol):
    """Writes how a call is answered in the provider's own language."""

    def write(self, answer: CallAnswer) -> str:
        """The document."""
        ...


@dataclass(frozen=True, slots=True)
class CallAddresses:
    """Where the provider asks what to do with a call to the number, and where it tells how one ended."""

    received: str
    status: str
