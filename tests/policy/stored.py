"""Exceptions from policy as the operator makes them."""

from datetime import timedelta
from uuid import UUID

from portal.database import DatabaseRole
from portal.policy.overrides import OverrideWish, override
from portal.policy.rules import PolicyRule
from portal_schema.nodes import to_global
from tests.product import Product


async def add_override(product: Product, tenant_id: UUID, rule: PolicyRule = PolicyRule.ALCOHOL) -> str:
    """The id of a new exception, which holds for a day."""
    now = product.clock.now()
    wish = OverrideWish(rule, "They check the age of everybody", now + timedelta(days=1))
    async with product.database.for_tenant(tenant_id, role=DatabaseRole.OPERATOR) as tx:
        made = await override(tx, tenant_id, wish, "Otto", now=now)
    return str(to_global("PolicyOverride", made.id))
