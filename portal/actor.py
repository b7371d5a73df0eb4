"""Who did it: what the business records of a principal."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """What kind of principal acted."""

    MEMBER = "MEMBER"
    API_CLIENT = "API_CLIENT"
    ISV_SUPPORT = "ISV_SUPPORT"
    ISV_OPERATOR = "ISV_OPERATOR"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal as it is written down beside what it did."""

    kind: ActorKind
    id: UUID
    name: str
    through: str | None = None
    """The application that acted for the person."""

    @property
    def key(self) -> str:
        """One text that no other actor has."""
        return f"{self.kind.value}:{self.id}"
