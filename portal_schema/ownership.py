"""Transfers of ownership in the schema."""

from datetime import datetime

import strawberry

from auth.ownership import OwnershipTransferRow
from portal_schema.guards import requires
from portal_schema.nodes import to_global


@strawberry.type(
    description="An offer of the Owner to hand the tenant over, which waits for the heir.", directives=requires()
)
class OwnershipTransfer:
    """A transfer; rows of `auth.ownership` become it by `of`."""

    id: strawberry.ID = strawberry.field(description="The transfer's id, with which the heir accepts.")
    owner_name: str = strawberry.field(description="Who offers the tenant, and becomes an Administrator.")
    heir_name: str = strawberry.field(description="Who is to become the Owner.")
    created_at: datetime = strawberry.field(description="When it was offered.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")

    @classmethod
    def of(cls, row: OwnershipTransferRow) -> "OwnershipTransfer":
        """The transfer in this row."""
        return cls(
            id=to_global("OwnershipTransfer", row.id),
            owner_name=row.owner_name,
            heir_name=row.heir_name,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
