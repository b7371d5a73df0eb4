"""What makes the demo's figures real: the provider's prices, the plans that are ready to use, and credits to use up."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from api.prices import ProviderPrices
from api.settings import Settings
from portal.actor import Actor, ActorKind
from portal.credits.paying import set_credit_limit
from portal.credits.purchasing import purchase
from portal.database import Database, DatabaseRole
from portal.plans.catalogue import add_missing
from portal.plans.plans import read_tenant_plan
from portal.plans.ready_made import ready_made
from portal.rates.cards import NO_CARD, read_current_card
from portal.rates.provider import ELSEWHERE, Rate
from portal.rates.publishing import publish_rate_card
from portal.rates.rules import CardWish, RateSource
from portal.usage.usage import LOOKUPS, MMS_OUTBOUND

_BY = "The demo"
_CREDIT_LIMIT = Decimal(50)
_NOT_LISTED = (  # what the provider's list does not tell
    Rate(LOOKUPS, ELSEWHERE, Decimal("0.008")),
    Rate(MMS_OUTBOUND, ELSEWHERE, Decimal("0.022")),
)


async def publish_catalogue(settings: Settings, database: Database, *, now: datetime) -> None:
    """A rate card and the plans, where there are none yet: what the operator has made since stays."""
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        card = await read_current_card(tx)
    if card is NO_CARD:
        wish = CardWish(RateSource.PROVIDER, rates=_NOT_LISTED)
        await publish_rate_card(database, ProviderPrices(settings), wish, _BY, now=now)
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await add_missing(tx, ready_made(), _BY, on_sale=True, now=now)


async def buy_credits(database: Database, tenant_id: UUID, owner: tuple[UUID, str], *, now: datetime) -> None:
    """The largest pack of a tenant whose plan has packs, usable unpaid, unless it has bought any."""
    async with database.for_tenant(tenant_id, read_only=True) as own:
        held = await read_tenant_plan(own, now=now)
        has_bought = await own.value("SELECT 1 FROM credit_lot WHERE tenant_id = $1 LIMIT 1", tenant_id)
    if held is None or not held.plan.terms.packs or has_bought:
        return
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await set_credit_limit(tx, tenant_id, _CREDIT_LIMIT, now=now)
    largest = max(pack.credits for pack in held.plan.terms.packs)
    async with database.for_tenant(tenant_id) as own:
        await purchase(own, _BY, largest, Actor(ActorKind.MEMBER, *owner), now=now)
