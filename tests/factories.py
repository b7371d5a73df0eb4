"""Makes what tests need, through the same doors as the product."""

import secrets
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, Transaction
from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.policy.overrides import LONGEST, OverrideWish, override
from portal.policy.rules import PolicyRule
from portal.pricing.terms import PlanTerms, PricingStrategy

# Hashing as the product does takes a core for a fifth of a second: as long as most tests.
CHEAP = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


async def make_tenant(database: Database, clock: Clock, *, name: str = "Falcon Flights") -> UUID:
    """A tenant without plan, people or provider account."""
    tenant_id = new_id(clock.now())
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO tenant (id, name, slug, environment, state, time_zone, created_at) "
            "VALUES ($1, $2, $3, 'DEVELOPMENT', 'ACTIVE', 'UTC', $4)",
            tenant_id,
            name,
            f"tenant-{secrets.token_hex(6)}",
            clock.now(),
        )
    return tenant_id


FAST = Decimal(1000)  # a pace that holds no test up: its clock stands still unless it is turned


def plan_of(name: str, amount: int | None, per: AllowancePeriod = AllowancePeriod.DAY) -> PlanContent:
    """A plan without a fee that allows so many messages, and stops."""
    terms = PlanTerms(PricingStrategy.TIER, "USD", amount=amount, per=per)
    return PlanContent(name, "", terms, throughput=FAST)


async def let_omit_opt_out(tx: Transaction, tenant_id: UUID, *, now: datetime) -> None:
    """Let a tenant's first messages say nothing of opting out, so that tests of other things may send any text."""
    wish = OverrideWish(PolicyRule.OPT_OUT_TEXT, "A test of something else", now + LONGEST)
    await override(tx, tenant_id, wish, "Otto", now=now)
