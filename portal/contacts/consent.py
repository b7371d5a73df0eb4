"""Consent: what a consumer agreed to, with the evidence. Who has a number is the consumer, be it a contact or not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction

LONGEST_SOURCE = 200
LONGEST_SHOWN = 2_000


class ConsentStatus(StrEnum):
    """Whether a consumer agreed to get messages."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"
    UNKNOWN = "UNKNOWN"


class ConsentRow(NamedTuple):
    """What holds now, and how and when it came about, if anybody said anything."""

    status: ConsentStatus
    source: str | None
    recorded_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """What somebody says of a consumer's consent."""

    status: ConsentStatus
    source: str
    """How it came about, such as "paper form at the counter"."""
    shown: str | None = None
    """The text that the consumer saw."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a consumer chose beside it, in words for the evidence."""

    channel: str
    declined_topics: tuple[str, ...]
    quiet_from: str | None
    quiet_until: str | None


_CONSUMER = ("CONSUMER", "Consumer")
_STANDS = "(consumer.consent = 'WITHDRAWN' AND consumer.consent_own)"


async def read_own_withdrawals(tx: TenantTransaction, numbers: Collection[str]) -> set[str]:
    """Those of these numbers whose consumers withdrew themselves: only they can agree again. In one statement."""
    sql = f"SELECT number FROM consumer WHERE tenant_id = $1 AND number = ANY($2::text[]) AND {_STANDS}"  # noqa: S608  a constant
    return {row["number"] for row in await tx.rows(sql, tx.tenant_id, list(numbers))}


async def record_consent(
    tx: TenantTransaction,
    numbers: Sequence[str],
    statement: ConsentStatement,
    actor: Actor | None,
    *,
    now: datetime,
    choices: Choices | None = None,
    address: str | None = None,
) -> None:
    """Let this hold for these numbers, and keep it as evidence; what was said before stays in the evidence.

    What is heard late is evidence too, and changes nothing that was said after it; but who withdrew themselves has
    withdrawn until they say otherwise, whatever others said of them before it was heard or say since.

    Args:
        tx: the tenant's transaction.
        numbers: whose consent it is, each once.
        statement: what was said.
        actor: who said so; None: the consumer.
        now: when it was said.
        choices: what they chose beside it.
        address: the network that they did it from, masked.
    """
    kind, name = _CONSUMER if actor is None else (actor.kind.value, actor.name)
    await tx.execute(
        "WITH evidence AS (INSERT INTO contact_consent "  # noqa: S608  a constant
        "(tenant_id, id, number, status, source, shown, choices, actor_kind, actor_name, address_masked, at) "
        "SELECT $1, e.id, e.number, $4, $5, $6, $7::jsonb, $8, $9, $10, $11 "
        "FROM unnest($2::uuid[], $3::text[]) AS e (id, number)) "
        "INSERT INTO consumer (tenant_id, number, consent, consent_source, consent_at, consent_own) "
        "SELECT $1, number, $4, $5, $11, $12 FROM unnest($3::text[]) AS given (number) "
        "ON CONFLICT (tenant_id, number) DO UPDATE SET consent = excluded.consent, consent_source = "
        "excluded.consent_source, consent_at = excluded.consent_at, consent_own = excluded.consent_own "
        f"WHERE CASE WHEN {_STANDS} AND NOT excluded.consent_own THEN false "
        "WHEN excluded.consent = 'WITHDRAWN' AND excluded.consent_own AND NOT consumer.consent_own THEN true "
        "ELSE consumer.consent_at IS NULL OR consumer.consent_at <= excluded.consent_at END",
        tx.tenant_id,
        [new_id(now) for _ in numbers],
        sorted(numbers),
        statement.status.value,
        statement.source,
        statement.shown,
        None if choices is None else orjson.dumps(choices).decode(),
        *(kind, name, address, now, actor is None),
    )
