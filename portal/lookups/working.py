"""Asks the provider about numbers, outside of any transaction, and writes down what it told."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock
from portal.contacts.preferences import LineType
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.lookups.provider import LineProvider, LineReport
from portal.messages.provider import ProviderCredentials, ProviderUnavailableError
from portal.plans.spend import Settlement, settle_spend
from portal.tenants.accounts import ProviderAccounts
from portal.usage.usage import LOOKUPS, add_usage

_LEASE = timedelta(minutes=1)
_FIRST_PAUSE = timedelta(seconds=2)
_MOST_ATTEMPTS = 6  # two minutes: somebody waits for the answer
_BATCH = 10
_TENANTS = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A look-up that this worker alone works on, until its lease ends."""

    id: UUID
    number: str
    attempts: int
    lease: datetime


class NumberLookups:
    """Works look-ups off; any number of workers may, side by side."""

    def __init__(self, database: Database, provider: LineProvider, accounts: ProviderAccounts, clock: Clock) -> None:
        self._database = database
        self._provider = provider
        self._accounts = accounts
        self._clock = clock

    async def work_due(self) -> int:
        """Ask about what is due of every tenant; how many tenants that were."""
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            tenants = [row["tenant_id"] for row in await tx.rows(_DUE, self._clock.now(), _TENANTS)]
        await asyncio.gather(*(self._serve(tenant_id) for tenant_id in tenants))
        return len(tenants)

    async def _serve(self, tenant_id: UUID) -> None:
        try:
            credentials = await self._accounts.credentials(tenant_id)
            now = self._clock.now()
            async with self._database.for_tenant(tenant_id) as tx:
                rows = await tx.rows(_CLAIM, tenant_id, now, now + _LEASE, _BATCH)
            claims = [_Claim(row["id"], row["number"], row["attempts"], row["due_at"]) for row in rows]
            await asyncio.gather(*(self._work(tenant_id, credentials, claim) for claim in claims))
        except Exception as error:  # they come back when their lease ends
            log.exception("lookups_not_worked_on", tenant_id=str(tenant_id), error=type(error).__name__)

    async def _work(self, tenant_id: UUID, credentials: ProviderCredentials | None, claim: _Claim) -> None:
        report = None
        if credentials is not None:
            try:
                report = await self._provider.look_up(credentials, claim.number)
            except ProviderUnavailableError:
                log.info("lookup_without_answer", tenant_id=str(tenant_id), lookup_id=str(claim.id))
        now = self._clock.now()
        async with self._database.for_tenant(tenant_id) as tx:
            if report is not None:
                await _end(tx, claim, report, now=now)
            elif claim.attempts >= _MOST_ATTEMPTS:
                await _give_up(tx, claim, now=now)
            else:
                again = now + _FIRST_PAUSE * 2**claim.attempts
                sql = f"UPDATE number_lookup SET due_at = $4 WHERE {_HELD}"  # noqa: S608  constants
                await tx.execute(sql, tenant_id, claim.id, claim.lease, again)


async def _end(tx: TenantTransaction, claim: _Claim, report: LineReport, *, now: datetime) -> None:
    held = await tx.row(_END, tx.tenant_id, claim.id, claim.lease, "DONE")
    if held is None:
        return  # another worker's by now, or its person is erased
    # Before the balance, as everybody does who writes down what is known of a number and gives money back.
    await tx.execute(
        "INSERT INTO consumer (tenant_id, number, line, line_valid, line_country, looked_up_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, number) DO UPDATE SET line = excluded.line, "
        "line_valid = excluded.line_valid, line_country = excluded.line_country, looked_up_at = excluded.looked_up_at",
        *(tx.tenant_id, claim.number, report.type or LineType.UNKNOWN, report.valid, report.country, now),
    )
    await _settle(tx, held, is_paid=report.type is not None, now=now)


async def _give_up(tx: TenantTransaction, claim: _Claim, *, now: datetime) -> None:
    held = await tx.row(_END, tx.tenant_id, claim.id, claim.lease, "FAILED")
    if held is not None:
        await _settle(tx, held, is_paid=False, now=now)


async def _settle(tx: TenantTransaction, held: Row, *, is_paid: bool, now: datetime) -> None:
    """What was reserved for a look-up that has ended is spent, or given back."""
    if held["spend_id"] is not None:
        spent = held["price"] if is_paid else held["price"] * 0
        await settle_spend(tx, [Settlement(held["spend_id"], held["price"], spent)], now=now)
    if is_paid:
        await add_usage(tx, LOOKUPS, [1], now=now)


_DUE = "SELECT tenant_id FROM number_lookup WHERE due_at <= $1 GROUP BY tenant_id ORDER BY min(due_at) LIMIT $2"
_HELD = "tenant_id = $1 AND id = $2 AND due_at = $3"
_CLAIM = (
    "UPDATE number_lookup SET due_at = $3, attempts = attempts + 1 WHERE tenant_id = $1 AND id IN "
    "(SELECT id FROM number_lookup WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT $4 "
    "FOR UPDATE SKIP LOCKED) RETURNING id, number, attempts, due_at"
)
_END = (
    "UPDATE number_lookup AS l SET state = $4, due_at = NULL, spend_id = NULL FROM "  # noqa: S608  constants
    f"(SELECT id, spend_id, price FROM number_lookup WHERE {_HELD} FOR UPDATE) AS held "
    "WHERE l.tenant_id = $1 AND l.id = held.id RETURNING held.spend_id, held.price"
)
