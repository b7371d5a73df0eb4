"""Pauses as the shield makes them."""

import secrets
from uuid import UUID

from portal.shield.areas import Area, TrafficKind
from portal.shield.detector import PauseReason
from portal.shield.pauses import pause, release
from portal_schema.nodes import to_global
from tests.product import Product


async def add_pause(product: Product, tenant_id: UUID) -> str:
    """The id of a new pause, of numbers that nobody writes to."""
    area, now = Area("GB", f"+44{secrets.randbelow(10**9):09d}"), product.clock.now()
    async with product.database.for_tenant(tenant_id) as tx:
        made = await pause(tx, TrafficKind.CALL, {area: PauseReason.VELOCITY}, ("USD", "USD"), now=now)
    return str(to_global("TrafficPause", made[area]))


async def spare(product: Product, tenant_id: UUID, area: Area) -> None:
    """Let nothing that goes there look like fraud for a day: somebody has said that it is none."""
    now = product.clock.now()
    async with product.database.for_tenant(tenant_id) as tx:
        (pause_id,) = (await pause(tx, TrafficKind.SMS, {area: PauseReason.BURST}, ("USD", "USD"), now=now)).values()
        await release(tx, pause_id, "Otto", now=now)
