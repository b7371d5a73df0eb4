"""Handing a tenant over in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.ownership import accept_ownership, offer_ownership
from auth.permissions import Permission, TenantRole
from portal.tenants.tenants import read_own_tenant
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.ownership import OwnershipTransfer
from portal_schema.payloads import UserError
from portal_schema.tenants import Tenant
from portal_schema.viewer import Membership

TRANSFER = requires(Permission.OWNERSHIP_TRANSFER)
ANYBODY = requires()


@strawberry.enum(description="Why the tenant was not offered.")
class OwnershipTransferErrorCode(Enum):
    """The problems that `ownershipTransfer` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such member.")
    ALREADY_OWNER = strawberry.enum_value("ALREADY_OWNER", description="The member is the Owner.")
    ONLY_THE_OWNER = strawberry.enum_value("ONLY_THE_OWNER", description="You are the Owner no more.")


@strawberry.enum(description="Why the tenant was not handed over.")
class OwnershipAcceptErrorCode(Enum):
    """The problems that `ownershipAccept` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No such offer waits for you, or it is over.")


@strawberry.type(description="Why the tenant could not be offered.", directives=TRANSFER)
class OwnershipTransferUserError(UserError):
    """One problem."""

    code: OwnershipTransferErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why the tenant could not be handed over.", directives=ANYBODY)
class OwnershipAcceptUserError(UserError):
    """One problem."""

    code: OwnershipAcceptErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `ownershipTransfer`.", directives=TRANSFER)
class OwnershipTransferPayload:
    """The offer, or errors."""

    errors: list[OwnershipTransferUserError] = strawberry.field(description="What is wrong; empty on success.")
    transfer: OwnershipTransfer | None = strawberry.field(default=None, description="The offer.")


@strawberry.type(description="The outcome of `ownershipAccept`.", directives=ANYBODY)
class OwnershipAcceptPayload:
    """What one is now, or errors."""

    errors: list[OwnershipAcceptUserError] = strawberry.field(description="What is wrong; empty on success.")
    membership: Membership | None = strawberry.field(default=None, description="Your place in the tenant, as Owner.")


@strawberry.type
class OwnershipMutations:
    """The root fields that hand a tenant over."""

    @strawberry.mutation(
        description="Offer the tenant to a member, for seven days and in place of an earlier offer. "
        "Nothing changes until the member accepts; then you become an Administrator.",
        directives=TRANSFER,
    )
    async def ownership_transfer(
        self,
        info: Info,
        to_member_id: Annotated[strawberry.ID, strawberry.argument(description="The member who is to be the Owner.")],
    ) -> OwnershipTransferPayload | None:
        context = info.context
        key = key_of("Member", to_member_id)
        row = await offer_ownership(context.tx, key, owner_id=context.principal.id, now=context.now)
        return OwnershipTransferPayload(transfer=OwnershipTransfer.of(row), errors=[])

    @strawberry.mutation(
        description="Become the Owner, as `viewer.ownershipOffer` offers. No application may do it for you.",
        directives=ANYBODY,
    )
    async def ownership_accept(
        self,
        info: Info,
        transfer_id: Annotated[strawberry.ID, strawberry.argument(description="The transfer's id.")],
    ) -> OwnershipAcceptPayload | None:
        context = info.context
        context.require_in_person()
        key = key_of("OwnershipTransfer", transfer_id)
        await accept_ownership(context.tx, key, heir_id=context.principal.id, now=context.now)
        tenant = await read_own_tenant(context.tx)
        if tenant is None:
            raise LookupError("the tenant of this transaction is gone")
        membership = Membership(tenant=Tenant.of(tenant), role=TenantRole.OWNER, current=True)
        return OwnershipAcceptPayload(membership=membership, errors=[])
