"""A call's status and the order that it advances in, and what a call counts as. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_SECONDS_IN_MINUTE = 60


class CallStatus(StrEnum):
    """Where a call stands."""

    QUEUED = "QUEUED"
    RINGING = "RINGING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def is_end(self) -> bool:
        """Whether nothing comes after it."""
        return _RANK[self] >= _RANK[CallStatus.CANCELED]


class CallIssueCode(StrEnum):
    """Why a call was not made, or not forwarded."""

    OPTED_OUT = "OPTED_OUT"
    COUNTRY_NOT_IN_PLAN = "COUNTRY_NOT_IN_PLAN"
    PAUSED = "PAUSED"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"
    NO_PLAN = "NO_PLAN"
    PROVIDER_REFUSED = "PROVIDER_REFUSED"
    UNCONFIRMED = "UNCONFIRMED"
    EXPIRED = "EXPIRED"


# A total order, so that any order of arrival ends in the same status: an end outranks what may still go on, and
# "completed" every other end, since a call that was held is what costs.
_RANK = {
    CallStatus.QUEUED: 0,
    CallStatus.RINGING: 1,
    CallStatus.IN_PROGRESS: 2,
    CallStatus.CANCELED: 3,
    CallStatus.NO_ANSWER: 4,
    CallStatus.BUSY: 5,
    CallStatus.FAILED: 6,
    CallStatus.COMPLETED: 7,
}


def rank(status: CallStatus) -> int:
    """The status's place in the order, higher is later."""
    return _RANK[status]


@dataclass(frozen=True, slots=True)
class CallStanding:
    """A call's status and since when, when it was answered, and how long it took in seconds, as far as it is known."""

    status: CallStatus
    status_at: datetime
    started_at: datetime | None = None
    duration_seconds: int | None = None

    def after(self, reported: "CallStanding") -> "CallStanding":
        """Where it stands once this report is heard: each part is a greatest or a least, so no order matters."""
        latest = max(self, reported, key=lambda one: (rank(one.status), -one.status_at.timestamp()))
        return CallStanding(
            latest.status,
            latest.status_at,
            min(filter(None, (self.started_at, reported.started_at)), default=None),
            max((one for one in (self.duration_seconds, reported.duration_seconds) if one is not None), default=None),
        )

    @property
    def minutes(self) -> int | None:
        """The minutes that were begun, which is what calls are charged by; None before the duration is known."""
        return None if self.duration_seconds is None else started_minutes(self.duration_seconds)


def started_minutes(seconds: int) -> int:
    """How many minutes a call of so many seconds has begun."""
    return -(-seconds // _SECONDS_IN_MINUTE)
