"""Sets the usage triggers that a plan asks for on tenants' subaccounts, and removes those that it does not.

Nobody marks what is due: a tenant is, whose plan or own thresholds are no longer those that its triggers were set for.
The provider knows no idempotency key, so whoever sets triggers reads first which of the portal's are there; one worker
at a time does, until its lease ends.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.messages.provider import ProviderCredentials, ProviderUnavailableError
from portal.plans.plans import read_tenant_plan
from portal.plans.provider import SetTrigger, UsageTriggers, Watch
from portal.plans.triggers import superfluous, watches
from portal.tenants.accounts import ProviderAccounts

CHECKED_EVERY = timedelta(days=1)  # whoever may use the provider's console may have changed them there
LEASE = timedelta(minutes=10)  # longer than setting and removing thirteen takes, each until its deadline
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)  # before a tenant is tried again
_TENANTS = 200
_AT_ONCE = 5
_MOST_DOUBLINGS = 6
_HELD = "since <= $1 AND (until IS NULL OR until > $1)"
# A suspended tenant sends nothing, and its account does not answer. A closed one has no plan.
_DUE = f"""
SELECT tenant.id FROM tenant
LEFT JOIN tenant_plan AS held ON held.tenant_id = tenant.id AND {_HELD} AND tenant.state <> 'CLOSED'
LEFT JOIN alert_rule AS rule ON rule.tenant_id = tenant.id AND rule.kind = 'USAGE_THRESHOLD'
LEFT JOIN usage_trigger_setup AS setup ON setup.tenant_id = tenant.id
WHERE (setup.held_until IS NULL OR setup.held_until <= $1)
  AND CASE tenant.state WHEN 'SUSPENDED' THEN false WHEN 'CLOSED' THEN setup.plan_id IS NOT NULL ELSE
    setup.checked_at IS NULL OR setup.checked_at <= $2 OR setup.plan_id IS DISTINCT FROM held.plan_id
    OR setup.thresholds <> coalesce(rule.thresholds, '{{}}') END
ORDER BY setup.held_until NULLS FIRST LIMIT $3
"""  # noqa: S608  constants

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Task:
    """What a tenant's triggers are to be set for."""

    plan_id: UUID | None
    thresholds: tuple[int, ...]
    wanted: dict[int, Watch]
    lease: datetime
    failures: int


class TriggerSetup:
    """Sets what is due; any number of them work side by side, in one process or many."""

    def __init__(
        self,
        database: Database,
        triggers: UsageTriggers,
        accounts: ProviderAccounts,
        callback_url: Callable[[UUID], str],
        clock: Clock,
    ) -> None:
        self._database = database
        self._triggers = triggers
        self._accounts = accounts
        self._callback_url = callback_url
        self._clock = clock

    async def set_due(self) -> int:
        """Set the triggers of every tenant that is due; how many tenants that were."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            due = [row["id"] for row in await tx.rows(_DUE, now, now - CHECKED_EVERY, _TENANTS)]
        turn = asyncio.Semaphore(_AT_ONCE)

        async def work(tenant_id: UUID) -> bool:
            async with turn:
                return await self._work(tenant_id)

        return sum(await asyncio.gather(*(work(tenant_id) for tenant_id in due)))

    async def _work(self, tenant_id: UUID) -> bool:
        try:
            async with self._database.for_tenant(tenant_id) as tx:
                task = await _claim(tx, now=self._clock.now())
            if task is None:
                return False
            failure = await self._attempt(tenant_id, task.wanted)
            async with self._database.for_tenant(tenant_id) as tx:
                await _finish(tx, task, failure, now=self._clock.now())
        except Exception as error:  # the other tenants do not wait for it; when the lease ends it is tried again
            log.exception("usage_triggers_failed", tenant_id=str(tenant_id), error=type(error).__name__)
            return False
        if failure is not None:
            log.warning("usage_triggers_not_set", tenant_id=str(tenant_id), reason=failure)
        return failure is None

    async def _attempt(self, tenant_id: UUID, wanted: dict[int, Watch]) -> str | None:
        """Set what is wanted; why that did not succeed, or None."""
        credentials = await self._accounts.credentials(tenant_id)
        if credentials is None:
            return "it has no account at the provider"
        try:
            await self._set(tenant_id, credentials, wanted)
        except ProviderUnavailableError as error:
            return str(error)
        return None

    async def _set(self, tenant_id: UUID, credentials: ProviderCredentials, wanted: dict[int, Watch]) -> None:
        """Each trigger is written down as soon as it is there, so that its callbacks are known."""
        url = self._callback_url(tenant_id)
        found = await self._triggers.read(credentials)
        surplus = superfluous(found, wanted, url)
        there = [one for one in found if one not in surplus]
        await self._write_down(tenant_id, found)
        for percent in wanted.keys() - {one.percent for one in there}:
            reference = await self._triggers.add(credentials, percent, wanted[percent], url)
            added = SetTrigger(reference, percent, wanted[percent], url)
            await self._write_down(tenant_id, [added])
            there.append(added)
        for one in surplus:
            await self._triggers.remove(credentials, one.reference)
        async with self._database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "UPDATE usage_trigger SET removed_at = $3 "
                "WHERE tenant_id = $1 AND removed_at IS NULL AND provider_reference <> ALL($2::text[])",
                *(tenant_id, [one.reference for one in there], self._clock.now()),
            )

    async def _write_down(self, tenant_id: UUID, triggers: Sequence[SetTrigger]) -> None:
        now = self._clock.now()
        known = [(one, one.watch) for one in triggers if one.watch is not None]
        if not known:
            return
        async with self._database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "INSERT INTO usage_trigger "
                "(tenant_id, id, percent, category, unit, value, recurring, provider_reference, created_at) "
                "SELECT $1, t.id, t.percent, t.category, t.unit, t.value, t.recurring, t.reference, $9 FROM unnest("
                "$2::uuid[], $3::integer[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[]) "
                "AS t (id, percent, category, unit, value, recurring, reference) "
                "ON CONFLICT (tenant_id, provider_reference) DO NOTHING",
                tenant_id,
                [new_id(now) for _ in known],
                [one.percent for one, _ in known],
                [watch.category for _, watch in known],
                [watch.unit.value for _, watch in known],
                [watch.value for _, watch in known],
                [watch.per.value for _, watch in known],
                [one.reference for one, _ in known],
                now,
            )


async def _claim(tx: TenantTransaction, *, now: datetime) -> _Task | None:
    """What is to be set, which nobody else sets until the lease ends; None where somebody does already."""
    lease = now + LEASE
    failures = await tx.value(
        "INSERT INTO usage_trigger_setup (tenant_id, id, held_until) VALUES ($1, $2, $3) "
        "ON CONFLICT (tenant_id) DO UPDATE SET held_until = excluded.held_until "
        "WHERE usage_trigger_setup.held_until <= $4 RETURNING failures",
        *(tx.tenant_id, new_id(now), lease, now),
    )
    if failures is None:
        return None
    is_closed = await tx.value("SELECT state = 'CLOSED' FROM tenant WHERE id = $1", tx.tenant_id)
    held = None if is_closed else await read_tenant_plan(tx, now=now)
    sql = "SELECT thresholds FROM alert_rule WHERE tenant_id = $1 AND kind = 'USAGE_THRESHOLD'"
    own = tuple(await tx.value(sql, tx.tenant_id) or ())
    wanted = watches(held.plan.terms, own) if held else {}
    return _Task(held.plan.id if held else None, own, wanted, lease, failures)


async def _finish(tx: TenantTransaction, task: _Task, failure: str | None, *, now: datetime) -> None:
    """Write down what the triggers are set for now, or when to try again; nothing where the lease has ended."""
    if failure is not None:
        pause = min(FIRST_PAUSE * (1 << min(task.failures, _MOST_DOUBLINGS)), LONGEST_PAUSE)
        await tx.execute(
            "UPDATE usage_trigger_setup SET held_until = $3, failures = failures + 1 "
            "WHERE tenant_id = $1 AND held_until = $2",
            *(tx.tenant_id, task.lease, now + pause),
        )
        return
    await tx.execute(
        "UPDATE usage_trigger_setup SET plan_id = $3, thresholds = $4, checked_at = $5, held_until = $5, failures = 0 "
        "WHERE tenant_id = $1 AND held_until = $2",
        *(tx.tenant_id, task.lease, task.plan_id, list(task.thresholds), now),
    )
