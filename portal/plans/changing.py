"""Changing a tenant's plan by what was previewed, and taking back a change that is still to come.

A plan is a half-open row of `tenant_plan`, what is to come a row that begins later: no job has to run for it. Whoever
changes a tenant's plans holds its lock, so that of two changes at once the second sees what the first has made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.encryption import Signer
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.live.changes import ALLOWANCE_CHANGED
from portal.plans.plans import (
    TENANT_PLAN_COLUMNS,
    PlanState,
    TenantPlanRow,
    lock_plans,
    read_plans_by_id,
    tenant_plan_row,
)
from portal.plans.preview_tokens import from_token
from portal.plans.settling import tell_thresholds
from portal.plans.upgrades import effective_at
from portal.problems import refuse

CHANGE, CANCEL = "planChange", "planChangeCancel"


class PlanChangeProblem(StrEnum):
    """Why a plan is not changed, or a change not taken back."""

    PREVIEW_INVALID = "PREVIEW_INVALID"
    PREVIEW_EXPIRED = "PREVIEW_EXPIRED"
    PREVIEW_OUTDATED = "PREVIEW_OUTDATED"
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL"


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that a tenant has, and those that are to come, in their order."""

    current: TenantPlanRow | None
    coming: tuple[TenantPlanRow, ...]

    @classmethod
    def of(cls, held: Sequence[TenantPlanRow], now: datetime) -> "Standing":
        """The standing at an instant, of rows that are in the order of time."""
        current = [one for one in held if one.since <= now and (one.until is None or one.until > now)]
        return cls(current[-1] if current else None, tuple(one for one in held if one.since > now))

    @property
    def coming_id(self) -> UUID | None:
        """The id of what is to come next."""
        return self.coming[0].id if self.coming else None


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change that was previewed; the same key with the same token has one effect."""

    idempotency_key: str
    preview_token: str


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The change, made now or when the same request came first."""

    change_id: UUID
    replay: bool


async def read_holdings(tx: TenantTransaction, since: datetime) -> list[TenantPlanRow]:
    """All plans that the tenant has had since this instant, has, and is to have, in their order."""
    sql = (
        f"SELECT {TENANT_PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = $1 AND (until IS NULL OR until > $2) ORDER BY since"
    )
    return [tenant_plan_row(row) for row in await tx.rows(sql, tx.tenant_id, since)]


async def lock_standing(tx: TenantTransaction, *, now: datetime) -> Standing:
    """The tenant's standing, which nobody else changes until this transaction ends."""
    await lock_plans(tx, tx.tenant_id)
    return Standing.of(await read_holdings(tx, now), now)


async def change_plan(
    tx: TenantTransaction, request: ChangeRequest, actor: Actor, signer: Signer, *, now: datetime
) -> ChangeResult:
    """Make the change that was previewed; it takes the place of one that is still to come.

    Raises:
        RefusedError: the token is not one of this tenant's, its time is over, or it tells no longer how things stand.
    """
    once = IdempotentRequest(CHANGE, actor, request.idempotency_key, {"previewToken": request.preview_token})
    earlier = await find_result(tx, once)
    if earlier is not None:
        return ChangeResult(earlier, replay=True)
    standing = await lock_standing(tx, now=now)
    plan_id, begins = await _promised(tx, standing, request.preview_token, signer, now=now)
    change_id = await hold_plan(tx, standing, plan_id, begins, actor, now=now)
    await keep_result(tx, once, change_id, now=now)
    return ChangeResult(change_id, replay=False)


async def cancel_change(
    tx: TenantTransaction, actor: Actor, idempotency_key: str | None, *, now: datetime
) -> ChangeResult:
    """Take back what is to come: the tenant keeps its plan.

    Raises:
        RefusedError: nothing is to come.
    """
    once = IdempotentRequest(CANCEL, actor, idempotency_key, {}) if idempotency_key is not None else None
    earlier = await find_result(tx, once) if once else None
    if earlier is not None:
        return ChangeResult(earlier, replay=True)
    standing = await lock_standing(tx, now=now)
    canceled = await _take_back(tx, standing, actor, now=now)
    if not canceled:
        message = "No change of plan is to come: what has begun is changed by another change."
        raise refuse(PlanChangeProblem.NOTHING_TO_CANCEL, message)
    if standing.current is not None:
        await _end(tx, standing.current, None)
    if once:
        await keep_result(tx, once, canceled[0], now=now)
    return ChangeResult(canceled[0], replay=False)


async def hold_plan(
    tx: TenantTransaction, standing: Standing, plan_id: UUID, begins: datetime, actor: Actor, *, now: datetime
) -> UUID:
    """Let the tenant hold a plan from now or a later instant on, in place of all that was to come; the change's id.

    The transaction has locked the standing.
    """
    await _take_back(tx, standing, actor, now=now)
    if standing.current is not None:
        await _end(tx, standing.current, begins)
    tenant_plan_id, change_id = new_id(now), new_id(now)
    await tx.execute(
        "INSERT INTO tenant_plan (tenant_id, id, plan_id, since) VALUES ($1, $2, $3, $4)",
        *(tx.tenant_id, tenant_plan_id, plan_id, begins),
    )
    await tx.execute(
        "INSERT INTO plan_change (tenant_id, id, from_plan_id, to_plan_id, tenant_plan_id, effective_at, requested_at, "
        "actor_kind, actor_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tx.tenant_id,
        change_id,
        standing.current.plan.id if standing.current else None,
        plan_id,
        tenant_plan_id,
        begins,
        now,
        actor.kind.value,
        actor.name,
    )
    if begins <= now:
        tx.announce(ALLOWANCE_CHANGED)
        await tell_thresholds(tx, plan_id, now=now)
    return change_id


async def _promised(
    tx: TenantTransaction, standing: Standing, token: str, signer: Signer, *, now: datetime
) -> tuple[UUID, datetime]:
    """The plan that a token leads to, and from when on, as long as all is as it was previewed."""
    promised = from_token(signer, tx.tenant_id, token)
    if promised is None:
        message = "This is no token of `planChangePreview`: ask for a preview and pass the token that it has."
        raise refuse(PlanChangeProblem.PREVIEW_INVALID, message, "previewToken")
    if now >= promised.expires_at:
        message = f"This preview held until {promised.expires_at:%Y-%m-%dT%H:%M:%SZ}: ask for a new one."
        raise refuse(PlanChangeProblem.PREVIEW_EXPIRED, message, "previewToken")
    current = standing.current
    plan = (await read_plans_by_id(tx, [promised.plan_id])).get(promised.plan_id)
    if plan is not None and plan.state is PlanState.PUBLISHED:
        begins = effective_at(current.plan.terms if current else None, plan.terms, now)
        found = (current.id if current else None, standing.coming_id, begins if begins > now else None)
        has_been_held = current is None or current.since < begins  # what has begun this very instant cannot end in it
        if found == (promised.current_id, promised.coming_id, promised.effective_at) and has_been_held:
            return plan.id, begins
    message = "The plan was changed, or is no longer offered, since this preview: ask for a new one."
    raise refuse(PlanChangeProblem.PREVIEW_OUTDATED, message, "previewToken")


async def _take_back(tx: TenantTransaction, standing: Standing, actor: Actor, *, now: datetime) -> list[UUID]:
    """Delete what is to come, and write down that its changes are canceled; their ids, the next first."""
    if not standing.coming:
        return []
    ids = [one.id for one in standing.coming]
    rows = await tx.rows(
        "UPDATE plan_change SET canceled_at = $3, canceled_by_name = $4 "
        "WHERE tenant_id = $1 AND tenant_plan_id = ANY($2::uuid[]) AND canceled_at IS NULL RETURNING id, effective_at",
        *(tx.tenant_id, ids, now, actor.name),
    )
    await tx.execute("DELETE FROM tenant_plan WHERE tenant_id = $1 AND id = ANY($2::uuid[])", tx.tenant_id, ids)
    return [row["id"] for row in sorted(rows, key=lambda row: row["effective_at"])]


async def _end(tx: TenantTransaction, held: TenantPlanRow, until: datetime | None) -> None:
    await tx.execute("UPDATE tenant_plan SET until = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, held.id, until)
