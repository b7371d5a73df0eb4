"""A message's status and the order that it advances in. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from portal.messages.issues import DeliveryIssueCode


class MessageStatus(StrEnum):
    """Where a message stands."""

    SCHEDULED = "SCHEDULED"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    CONFIRMING = "CONFIRMING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    READ = "READ"
    UNDELIVERED = "UNDELIVERED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    RECEIVED = "RECEIVED"


# A total order, so that any order of arrival ends in the same status. Twilio promises no order of its callbacks.
# Bad news outranks "sent"; "delivered" outranks bad news, since a carrier that delivered has the last word.
# "Canceled" takes only what has not been sent: SENDING here is what Twilio calls queued, from where it can be canceled.
_RANK = {
    MessageStatus.SCHEDULED: 0,
    MessageStatus.QUEUED: 1,
    MessageStatus.SENDING: 2,
    MessageStatus.CONFIRMING: 3,
    MessageStatus.CANCELED: 4,
    MessageStatus.SENT: 5,
    MessageStatus.EXPIRED: 6,
    MessageStatus.FAILED: 7,
    MessageStatus.UNDELIVERED: 8,
    MessageStatus.DELIVERED: 9,
    MessageStatus.READ: 10,
    MessageStatus.RECEIVED: 11,
}
FINAL = frozenset(
    {
        MessageStatus.CANCELED,
        MessageStatus.DELIVERED,
        MessageStatus.EXPIRED,
        MessageStatus.FAILED,
        MessageStatus.READ,
        MessageStatus.RECEIVED,
        MessageStatus.UNDELIVERED,
    }
)


def rank(status: MessageStatus) -> int:
    """The status's place in the order, higher is later."""
    return _RANK[status]


@dataclass(frozen=True, slots=True)
class Standing:
    """A message's status and, where it went wrong, the reason."""

    status: MessageStatus
    issue: DeliveryIssueCode | None = None

    def after(self, reported: "Standing") -> "Standing":
        """Where it stands once this report is heard: never back, and a reason is never replaced by none."""
        if rank(reported.status) > rank(self.status):
            return Standing(reported.status, _telling(reported.issue, self.issue if reported.status in _BAD else None))
        if reported.status is self.status:
            return Standing(self.status, _telling(self.issue, reported.issue))
        return self


def _telling(first: DeliveryIssueCode | None, second: DeliveryIssueCode | None) -> DeliveryIssueCode | None:
    """The reason that says more, the first of two that say as much."""
    return first if _says(first) >= _says(second) else second


def _says(issue: DeliveryIssueCode | None) -> int:
    """How much a reason says: "nobody could tell" is over once anybody tells, "no reason given" once one is given."""
    return _SAYS_LITTLE.index(issue) if issue in _SAYS_LITTLE else len(_SAYS_LITTLE)


_SAYS_LITTLE = (None, DeliveryIssueCode.UNCONFIRMED, DeliveryIssueCode.UNKNOWN)


_BAD = frozenset({MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED})
