"""What a call may cost: reserved under the spend cap before it is made, and settled by the minutes that it began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from portal.calls.status import started_minutes
from portal.database import TenantTransaction
from portal.plans.plans import PlanRow
from portal.plans.spend import LockedSpend, Settlement, price_of_one, reserve_spend, settle_spend
from portal.rates.cards import RateCard, read_current_card
from portal.shield.areas import TrafficKind
from portal.shield.screening import refuse_paused
from portal.usage.usage import CALLS_OUTBOUND


@dataclass(frozen=True, slots=True)
class CallPrice:
    """What a minute is estimated at, what is reserved for so many seconds at most, and where."""

    minute: Decimal
    seconds: int
    reserved: Decimal
    currency: str
    spend_id: UUID | None


@dataclass(frozen=True, slots=True)
class OverCap:
    """The spend cap leaves no room for it."""

    spend: LockedSpend


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that ended: what was reserved for it, and the minutes that it began."""

    id: UUID
    minute: Decimal
    reserved: Decimal
    spend_id: UUID
    minutes: int


def minute_price(plan: PlanRow, card: RateCard, country: str | None) -> Decimal:
    """The price of a minute to a country beside the fee, in the plan's currency; 0 where the fee covers it."""
    return price_of_one(plan, card, CALLS_OUTBOUND, country)


async def reserve_call(
    tx: TenantTransaction, plan: PlanRow, country: str | None, seconds: int, *, least: int, now: datetime
) -> CallPrice | OverCap:
    """Reserve a call of so many seconds, or of fewer where the cap leaves less, but not of fewer than `least`."""
    price = minute_price(plan, await read_current_card(tx), country)
    currency = plan.terms.currency
    if not price:
        return CallPrice(price, seconds, Decimal(0), currency, None)
    held = await reserve_spend(tx, currency, Decimal(0), now=now)
    minutes = started_minutes(seconds)
    if held.room is not None:
        minutes = min(minutes, int(held.room // price))
        if minutes < started_minutes(least):
            return OverCap(held)
    reserved = price * minutes
    await reserve_spend(tx, currency, reserved, now=now)
    return CallPrice(price, min(seconds, minutes * 60), reserved, currency, held.id)


async def note_paused(
    tx: TenantTransaction, kind: TrafficKind, plan: PlanRow, recipient: str, country: str | None, *, now: datetime
) -> None:
    """Add the first minute, which a call would have cost at least, to the loss that the pause avoids."""
    card = await read_current_card(tx)
    refused = (recipient, card.cost(CALLS_OUTBOUND, country, 1), minute_price(plan, card, country))
    await refuse_paused(tx, kind, [refused], now=now)


async def settle_calls(tx: TenantTransaction, ended: Sequence[EndedCall], *, now: datetime) -> None:
    """Turn what was reserved for these into what they came to; those that began no minute come to nothing."""
    if not ended:
        return
    settled = [Settlement(call.spend_id, call.reserved, call.minute * call.minutes) for call in ended]
    await settle_spend(tx, settled, now=now)
    await tx.execute(
        "UPDATE call SET price = c.price, spend_id = NULL FROM unnest($2::uuid[], $3::numeric[]) AS c (id, price) "
        "WHERE call.tenant_id = $1 AND call.id = c.id",
        tx.tenant_id,
        [call.id for call in ended],
        [call.minute * call.minutes for call in ended],
    )
