"""Exceptions that the operator makes: a tenant's sends may fail a rule, for a reason and a time."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.policy.rules import PolicyRule
from portal.problems import refuse

LONGEST_REASON = 500
LONGEST = timedelta(days=366)
_SHOWN = 100


class OverrideProblem(StrEnum):
    """Why no exception is made or ended."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """An exception; it holds until `until`, or until it was ended."""

    tenant_id: UUID
    id: UUID
    rule: PolicyRule
    reason: str
    since: datetime
    until: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class OverrideWish:
    """An exception to be made."""

    rule: PolicyRule
    reason: str
    until: datetime


_COLUMNS = "tenant_id, id, rule, reason, since, until, made_by_name, ended_at, ended_by_name"


async def read_overridden(tx: TenantTransaction, *, now: datetime) -> dict[PolicyRule, datetime]:
    """The rules that the tenant's sends may fail now, and until when."""
    sql = (
        "SELECT rule, until FROM policy_override "
        "WHERE tenant_id = $1 AND ended_at IS NULL AND since <= $2 AND until > $2"
    )
    return {PolicyRule(row["rule"]): row["until"] for row in await tx.rows(sql, tx.tenant_id, now)}


async def override(tx: Transaction, tenant_id: UUID, wish: OverrideWish, made_by: str, *, now: datetime) -> OverrideRow:
    """Make an exception; one of the same rule that holds ends by it. In the operator's role.

    Raises:
        RefusedError: there is no such tenant, or the reason or the time cannot be kept.
    """
    reason = wish.reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON or any(unicodedata.category(sign) == "Cc" for sign in reason):
        message = f"It has to have 1 to {LONGEST_REASON} characters, in one line."
        raise refuse(OverrideProblem.INVALID, message, "reason")
    if not now < wish.until <= now + LONGEST:
        message = f"It has to be in the future, and at most {LONGEST.days} days away."
        raise refuse(OverrideProblem.INVALID, message, "until")
    # The tenant's row is locked, so that two that come at once follow each other.
    if await tx.value("SELECT 1 FROM tenant WHERE id = $1 FOR NO KEY UPDATE", tenant_id) is None:
        raise refuse(OverrideProblem.NOT_FOUND, "There is no such tenant.", "tenantId")
    await tx.execute(
        "UPDATE policy_override SET ended_at = least(until, $3), ended_by_name = $4 "
        "WHERE tenant_id = $1 AND rule = $2 AND ended_at IS NULL",
        *(tenant_id, wish.rule.value, now, made_by),
    )
    row = await tx.row(
        "INSERT INTO policy_override (tenant_id, id, rule, reason, since, until, made_by_name) "  # noqa: S608  constants
        f"VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_COLUMNS}",
        *(tenant_id, new_id(now), wish.rule.value, reason, now, wish.until, made_by),
    )
    return _row(row)


async def find_override(tx: TenantTransaction, override_id: UUID) -> OverrideRow | None:
    """The tenant's own exception, or None."""
    sql = f"SELECT {_COLUMNS} FROM policy_override WHERE tenant_id = $1 AND id = $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, override_id)
    return None if row is None else _row(row)


async def end_override(tx: Transaction, override_id: UUID, ended_by: str, *, now: datetime) -> OverrideRow:
    """End an exception before its time. In the operator's role.

    Raises:
        RefusedError: there is no such exception, or it holds no more.
    """
    row = await tx.row(
        "UPDATE policy_override SET ended_at = $2, ended_by_name = $3 "  # noqa: S608  constants
        f"WHERE id = $1 AND ended_at IS NULL AND until > $2 RETURNING {_COLUMNS}",
        *(override_id, now, ended_by),
    )
    if row is not None:
        return _row(row)
    if await tx.value("SELECT 1 FROM policy_override WHERE id = $1", override_id) is None:
        raise refuse(OverrideProblem.NOT_FOUND, "There is no such exception.", "id")
    raise refuse(OverrideProblem.ENDED, "It holds no more.", "id")


async def read_overrides(tx: Transaction, tenant_ids: Sequence[UUID]) -> dict[UUID, list[OverrideRow]]:
    """Each tenant's exceptions, those made last first; 100 at most."""
    own = "tenant_id = ANY($1::uuid[]) AND tenant_id = asked.tenant ORDER BY id DESC LIMIT $2"
    last = f"SELECT {_COLUMNS} FROM policy_override WHERE {own}"  # noqa: S608  constants
    sql = f"SELECT made.* FROM unnest($1::uuid[]) AS asked (tenant) CROSS JOIN LATERAL ({last}) AS made"  # noqa: S608  constants
    found: dict[UUID, list[OverrideRow]] = {tenant_id: [] for tenant_id in tenant_ids}
    for row in await tx.rows(sql, list(tenant_ids), _SHOWN):
        found[row["tenant_id"]].append(_row(row))
    return found


def _row(row: Row) -> OverrideRow:
    return OverrideRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        rule=PolicyRule(row["rule"]),
        reason=row["reason"],
        since=row["since"],
        until=row["until"],
        made_by=row["made_by_name"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by_name"],
    )
