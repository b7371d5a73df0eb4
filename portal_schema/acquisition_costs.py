"""What winning a tenant cost, as the ISV's operator enters it."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.audit.entries import AuditEvent, write_entry
from portal.economics.acquisition import set_acquisition_cost
from portal_schema.context import Info
from portal_schema.guards import APART, requires
from portal_schema.money import MoneyInput
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.tenants import Tenant, load_tenant

WRITE = requires(Permission.CATALOGUE_WRITE, Permission.ECONOMICS_READ)


@strawberry.enum(description="Why an acquisition cost was not set.")
class AcquisitionCostSetErrorCode(Enum):
    """The problems that `acquisitionCostSet` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such tenant.")
    INVALID = strawberry.enum_value(
        "INVALID", description="The amount is negative or has too many decimals, or the currency is none."
    )
    OTHER_CURRENCY = strawberry.enum_value(
        "OTHER_CURRENCY", description="The tenant's billing account is in another currency."
    )


@strawberry.type(description="What is wrong with an acquisition cost.", directives=WRITE)
class AcquisitionCostSetUserError(UserError):
    """One problem."""

    code: AcquisitionCostSetErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `acquisitionCostSet`.", directives=WRITE)
class AcquisitionCostSetPayload:
    """The tenant, or errors."""

    errors: list[AcquisitionCostSetUserError] = strawberry.field(description="What is wrong; empty on success.")
    tenant: Tenant | None = strawberry.field(default=None, description="The tenant; its `economics` have the cost.")


@strawberry.input(description="What winning a tenant cost.")
class AcquisitionCostSetInput:
    """Of which tenant, and how much."""

    tenant_id: strawberry.ID = strawberry.field(description="The tenant.")
    amount: MoneyInput = strawberry.field(description="What it cost in all, in place of what was entered before.")


@strawberry.type
class AcquisitionCostMutations:
    """The root field that enters what winning a tenant cost."""

    @strawberry.mutation(
        description="Enter what winning a tenant cost: sales, marketing, setting it up. The tenant never sees it; its "
        "audit log tells that it was entered, without the amount.",
        directives=WRITE,
        metadata={APART: True},
    )
    async def acquisition_cost_set(
        self,
        info: Info,
        input: Annotated[AcquisitionCostSetInput, strawberry.argument(description="Which tenant, how much.")],
    ) -> AcquisitionCostSetPayload | None:
        context, tenant_id = info.context, key_of("Tenant", input.tenant_id)
        async with context.operating(tenant_id) as tx:
            await set_acquisition_cost(tx, tenant_id, input.amount.given(), now=context.now)
            event = AuditEvent("acquisitionCostSet", str(input.tenant_id))
            await write_entry(tx, tenant_id, context.origin, event, at=context.now)
        return AcquisitionCostSetPayload(tenant=await load_tenant(info, tenant_id), errors=[])
