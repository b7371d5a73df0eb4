"""Pauses as the shield makes them."""

import secrets
from uuid import UUID

from portal.shield.areas import Area, TrafficKind
from portal.shield.detector import PauseReason
from portal.shield.pauses import pause
from portal_schema.nodes import to_global
from tests.product import Product


async def add_pause(product: Product, tenant_id: UUID) -> str:
    """The id of a new pause, of numbers that nobody writes to."""
    area, now = Area("GB", f"+4470{secrets.randbelow(10_000):04d}"), product.clock.now()
    async with product.database.for_tenant(tenant_id) as tx:
        made = await pause(tx, TrafficKind.CALL, {area: PauseReason.VELOCITY}, ("USD", "USD"), now=now)
    return str(to_global("TrafficPause", made[area]))
