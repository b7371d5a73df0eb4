"""What can change while somebody looks on, and how one process tells it to the others. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

_MOST = 100  # changes of one payload: PostgreSQL takes less than 8,000 bytes, and a change is 50 of them
MISSED = ""
"""The payload that says: something changed, and nobody knows any more what."""


class ChangeKind(StrEnum):
    """What changed."""

    MESSAGE_STATUS = "MESSAGE_STATUS"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    ALLOWANCE = "ALLOWANCE"
    ALERT = "ALERT"
    USAGE_SYNC = "USAGE_SYNC"
    CONTACT_IMPORT = "CONTACT_IMPORT"


@dataclass(frozen=True, slots=True)
class Change:
    """Something of a tenant's is not as it was: its id, and nothing of its content; an allowance has no id."""

    kind: ChangeKind
    id: UUID | None = None


ALLOWANCE_CHANGED = Change(ChangeKind.ALLOWANCE)


def to_payloads(changes: Iterable[Change]) -> list[str]:
    """The changes as texts of less than 8,000 bytes, a line for each change."""
    lines = [f"{change.kind} {change.id.hex}" if change.id else change.kind.value for change in changes]
    return ["\n".join(lines[start : start + _MOST]) for start in range(0, len(lines), _MOST)]


def from_payload(payload: str) -> list[Change]:
    """The changes in a payload; what another version of the portal tells beyond them is passed over.

    Raises:
        ValueError: it is no payload.
    """
    told = (line.partition(" ") for line in payload.splitlines())
    return [Change(ChangeKind(kind), UUID(key) if key else None) for kind, _, key in told if kind in _KINDS]


_KINDS = frozenset(ChangeKind)
