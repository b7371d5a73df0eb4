"""What the provider asks for less what the portal's books say, explained by what is known to have happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.database import DatabaseRole
from portal.usage.periods import Days, UsageBucketSize
from portal.usage.reading import UsageQuestion, read_usage
from tests.year.accepting import NOTHING
from tests.year.living import Tenant
from tests.year.world import World

_COUNTED = "SELECT coalesce(sum(cost), 0) FROM usage_day WHERE tenant_id = $1 AND day >= $2 AND day < $3"


@dataclass
class Comparison:
    """Dollars: what the provider asks for, and what that consists of; of it, what came too late to be read."""

    theirs: Fraction = NOTHING
    parts: dict[str, Fraction] = field(default_factory=dict)
    too_late: Fraction = NOTHING
    unexplained: Fraction = NOTHING

    def __str__(self) -> str:
        parts = ", ".join(f"{_dollars(amount)} {what}" for what, amount in self.parts.items())
        return f"the provider asks for {_dollars(self.theirs)}: {parts}; {_dollars(self.too_late)} of it came too late"


async def compare(world: World, tenants: Sequence[Tenant], first: date, until: date) -> Comparison:
    """Compare them by tenant for these days, half-open, once the provider shows all of them."""
    found = Comparison()
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        question = UsageQuestion(Days(first, until), UsageBucketSize.WHOLE, with_money=True)
        reports = await read_usage(tx, [tenant.id for tenant in tenants], question, now=world.clock.now())
        counted = {tenant.id: Fraction(await tx.value(_COUNTED, tenant.id, first, until)) for tenant in tenants}
    for tenant in tenants:
        theirs = Fraction(await world.asked_for(tenant.account_sid, first, until))
        books = reports[tenant.id].whole.cost
        assert books is not None
        parts = {"counted by the portal, at its rate card": counted[tenant.id], **_parts(tenant, first, until)}
        too_late = _too_late(tenant, first, until)
        found.theirs += theirs
        found.too_late += too_late
        for what, amount in parts.items():
            found.parts[what] = found.parts.get(what, NOTHING) + amount
        found.unexplained += abs(theirs - sum(parts.values())) + abs(theirs - Fraction(books.amount) - too_late)
    return found


def _parts(tenant: Tenant, first: date, until: date) -> dict[str, Fraction]:
    told = [line for line in tenant.ledger.told if first <= line.day < until]
    moved = (
        Fraction(tenant.life.day(day).surcharge) * sent.units
        for day, sent in tenant.account.sent.items()
        if first <= day < until
    )
    return {
        "as its prices moved": sum(moved, NOTHING),
        "sent outside the portal": sum((Fraction(line.price) for line in told if line.why == "outside"), NOTHING),
        "no messages sent": sum((Fraction(line.price) for line in told if line.why == "other"), NOTHING),
    }


def _too_late(tenant: Tenant, first: date, until: date) -> Fraction:
    """What the provider's records showed only after they were read for the last time."""
    lines = [line for line in tenant.ledger.told if first <= line.day < until]
    reads = {line.day: tenant.ledger.read_until(line.day, tenant.world.clock.now()) for line in lines}
    late = (Fraction(one.price) for one in lines if (read := reads[one.day]) is None or one.seen > read)
    return sum(late, NOTHING)


def _dollars(amount: Fraction) -> str:
    return f"${Decimal(amount.numerator) / amount.denominator:,.2f}"
