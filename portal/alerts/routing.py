"""Where alerts go: the rule of each kind, and what is muted for a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.alerts.catalogue import AlertGroup, AlertKind
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.plans.thresholds import MOST_OWN, MOST_PERCENT
from portal.problems import refuse

MUTED_FOR_AT_MOST = timedelta(days=90)


class AlertChannel(StrEnum):
    """How a new alert is told; whatever the channels, it stands in the list."""

    PAGE = "PAGE"
    EMAIL = "EMAIL"
    WEBHOOK = "WEBHOOK"


# To the page alone: whoever wants mails or events says so, and nobody is woken by what they never asked for.
DEFAULT = (AlertChannel.PAGE,)


class AlertRuleProblem(StrEnum):
    """Why a rule is not set."""

    INVALID = "INVALID"


class MuteProblem(StrEnum):
    """Why an alert is not muted."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class AlertRule:
    """The channels on which new alerts of a kind are told; `thresholds` are the tenant's own percentages."""

    kind: AlertKind
    channels: tuple[AlertChannel, ...]
    thresholds: tuple[int, ...] = ()


async def read_rules(tx: TenantTransaction) -> list[AlertRule]:
    """The rule of every kind, in the order of kinds."""
    rows = await tx.rows("SELECT kind, channels, thresholds FROM alert_rule WHERE tenant_id = $1", tx.tenant_id)
    own = {row["kind"]: _rule(row) for row in rows}
    return [own.get(kind.value) or AlertRule(kind, DEFAULT) for kind in AlertKind]


async def set_rule(
    tx: TenantTransaction,
    kind: AlertKind,
    channels: Sequence[AlertChannel],
    thresholds: Sequence[int] | None = None,
    *,
    now: datetime,
) -> AlertRule:
    """Set where new alerts of a kind go; without channels they are told to nobody.

    Args:
        tx: the tenant's transaction.
        kind: which alerts.
        channels: each once.
        thresholds: percentages of the allowance, of USAGE_THRESHOLD alone; None keeps those that there are.
        now: the present instant.

    Raises:
        RefusedError: a channel or a percentage is named twice, or a percentage is none to be watched.
    """
    if len(set(channels)) < len(channels):
        raise refuse(AlertRuleProblem.INVALID, "Name each channel once.", "channels")
    if thresholds is not None:
        _check_thresholds(kind, thresholds)
    row = await tx.row(
        "INSERT INTO alert_rule (tenant_id, id, kind, channels, thresholds, updated_at) "
        "VALUES ($1, $2, $3, $4, coalesce($5::integer[], '{}'), $6) ON CONFLICT (tenant_id, kind) DO UPDATE "
        "SET channels = excluded.channels, thresholds = coalesce($5::integer[], alert_rule.thresholds), "
        "updated_at = excluded.updated_at RETURNING kind, channels, thresholds",
        tx.tenant_id,
        new_id(now),
        kind.value,
        [channel.value for channel in AlertChannel if channel in channels],
        None if thresholds is None else sorted(thresholds),
        now,
    )
    return _rule(row)


def _check_thresholds(kind: AlertKind, thresholds: Sequence[int]) -> None:
    if thresholds and kind is not AlertKind.USAGE_THRESHOLD:
        raise refuse(AlertRuleProblem.INVALID, "Only USAGE_THRESHOLD has percentages.", "thresholds")
    is_valid = all(1 <= percent <= MOST_PERCENT for percent in thresholds) and len(thresholds) <= MOST_OWN
    if not is_valid or len(set(thresholds)) < len(thresholds):
        message = f"Give at most {MOST_OWN} percentages from 1 to {MOST_PERCENT}, each once."
        raise refuse(AlertRuleProblem.INVALID, message, "thresholds")


def _rule(row: Row) -> AlertRule:
    channels = tuple(AlertChannel(channel) for channel in row["channels"])
    return AlertRule(AlertKind(row["kind"]), channels, tuple(row["thresholds"]))


async def mute(tx: TenantTransaction, alert_id: UUID, until: datetime, *, now: datetime) -> None:
    """Tell of no new alerts of this one's kind and code until then; an instant that is past tells of them again.

    Raises:
        RefusedError: there is no such alert, or the instant is too far away.
    """
    row = await tx.row("SELECT kind, code FROM alert WHERE tenant_id = $1 AND id = $2", tx.tenant_id, alert_id)
    if row is None:
        raise refuse(MuteProblem.NOT_FOUND, "There is no such alert.", "id")
    if until > now + MUTED_FOR_AT_MOST:
        message = f"Choose an instant at most {MUTED_FOR_AT_MOST.days} days away."
        raise refuse(MuteProblem.INVALID, message, "until")
    await tx.execute(
        "INSERT INTO alert_mute (tenant_id, id, kind, code, until) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, kind, code) DO UPDATE SET until = excluded.until",
        tx.tenant_id,
        new_id(now),
        row["kind"],
        row["code"],
        until,
    )


async def channels_of(
    tx: TenantTransaction, groups: Iterable[AlertGroup], *, now: datetime
) -> dict[AlertGroup, tuple[AlertChannel, ...]]:
    """Where an alert of each of these groups goes, less those that are muted."""
    sql = "SELECT kind, code FROM alert_mute WHERE tenant_id = $1 AND until > $2"
    muted = {AlertGroup(AlertKind(row["kind"]), row["code"]) for row in await tx.rows(sql, tx.tenant_id, now)}
    rules = {rule.kind: rule.channels for rule in await read_rules(tx)}
    return {group: rules[group.kind] for group in groups if group not in muted}
