"""Works runs off: tenant by tenant, each in a transaction of its own; whoever goes on begins where it was left."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction
from portal.invoices.making import make_invoices
from portal.invoices.runs import InvoiceRun, read_run, start_run
from portal.plans.proration import first_instant, next_month

_AGAIN_AFTER = timedelta(hours=1)  # what failed, or is held, is tried again
_AT_ONCE = 100

log = structlog.get_logger(__name__)
Told = Callable[[InvoiceRun], None]


class InvoiceGeneration:
    """Makes the invoices of months; any number of workers at once, and any number of times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def work_due(self) -> int:
        """Start the run of the month before where there is none, and work off all that go on; how many those were."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            await _start_due(tx, now)
            going_on = [row["id"] for row in await tx.rows(_GOING_ON)]
        for run_id in going_on:
            await self.work_off(run_id)
        await self._try_held(now)
        return len(going_on)

    async def generate(self, month: date, told: Told) -> InvoiceRun:
        """Make the invoices of a month now; `told` hears of each step.

        Raises:
            RefusedError: the month is not over.
        """
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            run = await start_run(tx, month, now=self._clock.now())
        return await self.work_off(run.id, told)

    async def work_off(self, run_id: UUID, told: Told = lambda _: None) -> InvoiceRun:
        """Go on with a run until it is finished, beside whoever else does."""
        while True:
            run = await self._take_next(run_id)
            told(run)
            if run.finished_at is not None:
                return run

    async def _take_next(self, run_id: UUID) -> InvoiceRun:
        tenant_id = None
        try:
            async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
                run = await read_run(tx, run_id, lock=True)  # others wait, and then take the tenant behind this one
                tenant_id = await _next_tenant(tx, run)
                if tenant_id is None:
                    return await _finish(tx, run, self._clock.now())
                await make_invoices(tx, tenant_id, run.month, now=self._clock.now())
                return await _count(tx, run, "done", tenant_id)
        except Exception as error:
            if tenant_id is None:
                raise
            # Nothing of this tenant is kept; it is tried again in the next run, and holds up nobody.
            log.exception("invoice_failed", tenant=str(tenant_id), error=type(error).__name__)
            async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
                again = await read_run(tx, run_id, lock=True)
                passed = again.last_tenant_id is not None and again.last_tenant_id >= tenant_id
                return again if passed else await _count(tx, again, "failed", tenant_id)

    async def _try_held(self, now: datetime) -> None:
        """Make drafts anew that were made a while ago, the earliest months first: perhaps nothing holds them now."""
        async with self._database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
            held = await tx.rows(_HELD, now - _AGAIN_AFTER, _AT_ONCE)
        for row in held:
            try:
                async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
                    await make_invoices(tx, row["tenant_id"], row["month"], now=now)
            except Exception as error:
                # The draft stays as it was, and holds up nobody.
                log.exception("invoice_failed", tenant=str(row["tenant_id"]), error=type(error).__name__)


_GOING_ON = "SELECT id FROM invoice_run WHERE finished_at IS NULL ORDER BY month"
_HELD = "SELECT tenant_id, month FROM invoice WHERE state = 'DRAFT' AND generated_at <= $1 ORDER BY month LIMIT $2"
_LAST = "SELECT failed, finished_at FROM invoice_run WHERE month = $1 ORDER BY id DESC LIMIT 1"


async def _start_due(tx: Transaction, now: datetime) -> None:
    month = (first_instant(now.date().replace(day=1)) - timedelta(days=1)).date().replace(day=1)
    last = await tx.row(_LAST, month)
    failed = last is not None and last["failed"] and last["finished_at"] is not None
    if last is None or (failed and last["finished_at"] <= now - _AGAIN_AFTER):
        await start_run(tx, month, now=now)


async def _next_tenant(tx: Transaction, run: InvoiceRun) -> UUID | None:
    if run.finished_at is not None:
        return None
    sql = "SELECT id FROM tenant WHERE created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT 1"
    found: UUID | None = await tx.value(sql, first_instant(next_month(run.month)), run.last_tenant_id)
    return found


async def _count(tx: Transaction, run: InvoiceRun, outcome: str, tenant_id: UUID) -> InvoiceRun:
    sql = f"UPDATE invoice_run SET {outcome} = {outcome} + 1, last_tenant_id = $2 WHERE id = $1"  # noqa: S608  constants
    await tx.execute(sql, run.id, tenant_id)
    return await read_run(tx, run.id)


async def _finish(tx: Transaction, run: InvoiceRun, now: datetime) -> InvoiceRun:
    await tx.execute("UPDATE invoice_run SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL", run.id, now)
    return await read_run(tx, run.id)
