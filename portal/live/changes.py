"""What can change while somebody looks on. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ChangeKind(StrEnum):
    """What changed."""

    MESSAGE_STATUS = "MESSAGE_STATUS"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    ALLOWANCE = "ALLOWANCE"
    ALERT = "ALERT"


@dataclass(frozen=True, slots=True)
class Change:
    """Something of a tenant's is not as it was: its id, and nothing of its content; an allowance has no id."""

    kind: ChangeKind
    id: UUID | None = None


ALLOWANCE_CHANGED = Change(ChangeKind.ALLOWANCE)
