"""Who makes a request."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from auth.permissions import Permission
from portal.actor import Actor, ActorKind


class PrincipalKind(StrEnum):
    """What kind of somebody it is."""

    MEMBER = "MEMBER"
    API_CLIENT = "API_CLIENT"
    ISV_SUPPORT = "ISV_SUPPORT"
    ISV_OPERATOR = "ISV_OPERATOR"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who proved who it is; what it may do is read from the database with each request.

    `token_permissions` are those that the access token names; None means a browser's session, which narrows nothing.
    """

    kind: PrincipalKind
    id: UUID
    name: str
    tenant_id: UUID | None
    token_permissions: frozenset[Permission] | None
    email: str | None = None
    client_id: str | None = None
    application: str | None = None  # the OAuth application that acts for the person
    locale: str = "en"
    time_zone: str = "UTC"

    @property
    def key(self) -> str:
        """A stable name of it, for caches and limits: `member:<uuid>`."""
        return f"{self.kind.value.lower()}:{self.id}"

    @property
    def is_staff(self) -> bool:
        """Whether it is one of the ISV's own people, who belong to no tenant."""
        return self.kind in {PrincipalKind.ISV_SUPPORT, PrincipalKind.ISV_OPERATOR}

    @property
    def actor(self) -> Actor:
        """How the business writes it down beside what it did."""
        return Actor(ActorKind(self.kind.value), self.id, self.name, self.application)
