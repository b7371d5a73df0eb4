"""Where alerts go: the rule of each kind, and what is muted for a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.alerts.catalogue import AlertGroup, AlertKind
from portal.clock import new_id
from portal.database import TenantTransaction
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
    """The channels on which new alerts of a kind are told."""

    kind: AlertKind
    channels: tuple[AlertChannel, ...]


async def read_rules(tx: TenantTransaction) -> list[AlertRule]:
    """The rule of every kind, in the order of kinds."""
    rows = await tx.rows("SELECT kind, channels FROM alert_rule WHERE tenant_id = $1", tx.tenant_id)
    own = {row["kind"]: tuple(AlertChannel(channel) for channel in row["channels"]) for row in rows}
    return [AlertRule(kind, own.get(kind.value, DEFAULT)) for kind in AlertKind]


async def set_rule(
    tx: TenantTransaction, kind: AlertKind, channels: Sequence[AlertChannel], *, now: datetime
) -> AlertRule:
    """Set where new alerts of a kind go; without channels they are told to nobody.

    Raises:
        RefusedError: a channel is named twice.
    """
    if len(set(channels)) < len(channels):
        raise refuse(AlertRuleProblem.INVALID, "Name each channel once.", "channels")
    rule = AlertRule(kind, tuple(channel for channel in AlertChannel if channel in channels))
    await tx.execute(
        "INSERT INTO alert_rule (tenant_id, id, kind, channels, updated_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, kind) DO UPDATE SET channels = excluded.channels, updated_at = excluded.updated_at",
        tx.tenant_id,
        new_id(now),
        kind.value,
        [channel.value for channel in rule.channels],
        now,
    )
    return rule


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
