"""The job: holds what was read of the provider against our own, night by night as the usage syncs are done."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog

from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.mail.queue import MailQueue
from portal.messages.unconfirmed import give_back_unconfirmed
from portal.plans.proration import first_instant
from portal.reconciliation.books import Judged, Read, judge_days
from portal.reconciliation.correcting import correct_day, may_be_corrected
from portal.reconciliation.keeping import keep
from portal.reconciliation.rules import SETTLING, DiscrepancyReason, unexplained
from portal.reconciliation.watching import MarginWatch
from portal.usage.periods import Days

_DAY = timedelta(days=1)
_AT_ONCE = 50  # syncs: at the start of a month each has some thirty days
# Whoever else works beside this takes others.
_NEXT = (
    # Where nothing was heard at all, there was nothing when it was asked for.
    "SELECT tenant_id, id, from_day, until_day, coalesce(as_of, requested_at) AS as_of FROM usage_sync "
    "WHERE state = 'DONE' AND reconciled_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"
)
_DONE = (
    "UPDATE usage_sync SET reconciled_at = $3 FROM unnest($1::uuid[], $2::uuid[]) AS done (tenant_id, id) "
    "WHERE usage_sync.tenant_id = done.tenant_id AND usage_sync.id = done.id"
)

log = structlog.get_logger(__name__)


class Reconciliation:
    """Judges the days of every sync that is done, once; any number of workers at once, and again after a crash."""

    def __init__(self, database: Database, queue: MailQueue, public_url: str, clock: Clock) -> None:
        self._database = database
        self._margins = MarginWatch(queue, public_url)
        self._clock = clock

    async def work_due(self) -> int:
        """Reconcile what was read and is not reconciled; how many syncs that were."""
        done = 0
        while taken := await self._take_next():
            done += taken
        return done

    async def _take_next(self) -> int:
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            syncs = await tx.rows(_NEXT, _AT_ONCE)
            if not syncs:
                return 0
            reads = [Read(row["tenant_id"], Days(row["from_day"], row["until_day"]), row["as_of"]) for row in syncs]
            judged = await judge_days(tx, reads, now=now)
            await keep(tx, judged, now=now)
            # With a crash before the corrections the difference stays open, and the next night corrects it.
            await tx.execute(_DONE, [row["tenant_id"] for row in syncs], [row["id"] for row in syncs], now)
        for read in reads:
            await self._give_back(read, now=now)
        await self._correct(judged, now=now)
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            await self._margins.look(tx, reads, now=now)
        return len(syncs)

    async def _give_back(self, read: Read, *, now: datetime) -> None:
        """On days that are settled the provider's count decides, and no longer what nobody could confirm."""
        settled = min(read.as_of - SETTLING, first_instant(read.days.until))
        until = settled.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            async with self._database.for_tenant(read.tenant_id) as own:
                await give_back_unconfirmed(own, first_instant(read.days.first), until, now=now)
        except Exception as error:
            log.exception("giving_back_failed", tenant=str(read.tenant_id), error=type(error).__name__)

    async def _correct(self, judged: Iterable[Judged], *, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        wanted = {
            (one.tenant_id, one.compared.day): one.compared.theirs.as_of
            for one in judged
            if one.reason is DiscrepancyReason.UNKNOWN
            and unexplained(one.compared) is not None
            and may_be_corrected(one.compared.day, today)
        }
        for (tenant_id, day), as_of in sorted(wanted.items()):
            read = Read(tenant_id, Days(day, day + _DAY), as_of)
            try:
                async with self._database.for_tenant(tenant_id) as own:
                    corrected = await correct_day(own, read, now=now)
            except Exception as error:
                # It stays open, holds up nobody else, and is tried again in the next night.
                log.exception("correction_failed", tenant=str(tenant_id), error=type(error).__name__)
                continue
            async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
                await keep(tx, await judge_days(tx, [read], now=now), corrected, now=now)
