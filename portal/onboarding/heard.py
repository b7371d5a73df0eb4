"""Keeps what the provider tells of registrations, each event once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from portal.callbacks.applying import Callback
from portal.callbacks.inbox import CallbackKind
from portal.clock import new_id
from portal.database import TenantTransaction

_LONGEST_ID = 200
_KEEP = (
    "INSERT INTO provider_event (tenant_id, id, provider_id, type, data, at, heard_at) "
    "SELECT $1, e.id, e.provider_id, e.type, e.data::jsonb, e.at, e.heard_at "
    "FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]) "
    "AS e (id, provider_id, type, data, at, heard_at) ON CONFLICT (tenant_id, provider_id) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something the provider told; `provider_id` is the same whenever it tells it again."""

    provider_id: str
    type: str
    data: dict[str, Any] = field(repr=False)  # all of it, unknown fields too
    at: datetime
    heard_at: datetime


async def keep_events(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
    """The applier of `TRUST_HUB` and `EVENT_STREAM`."""
    events = [event for callback in callbacks for event in events_in(callback)]
    await tx.execute(
        _KEEP,
        tx.tenant_id,
        [new_id(now) for _ in events],
        [event.provider_id for event in events],
        [event.type for event in events],
        [orjson.dumps(event.data).decode() for event in events],
        [event.at for event in events],
        [event.heard_at for event in events],
    )


def events_in(callback: Callback) -> Iterator[ProviderEvent]:
    """The events in one callback: a form is one, and an array holds CloudEvents (CloudEvents 1.0 section 3.1)."""
    heard_at = callback.received_at
    if callback.kind is CallbackKind.TRUST_HUB:
        provider_id = callback.token or _digest(callback.content)
        yield ProviderEvent(provider_id, callback.kind.value, callback.content, heard_at, heard_at)
        return
    for event in callback.content:
        provider_id = _text(event.get("id")) or _digest(event)
        type_ = _text(event.get("type")) or "unknown"
        yield ProviderEvent(provider_id, type_, event, _instant(event.get("time"), heard_at), heard_at)


def _digest(content: object) -> str:
    """What stands for an id where there is none: the same content, in whatever order, is the same event."""
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID else None


def _instant(text: object, heard_at: datetime) -> datetime:
    """When it happened (RFC 3339); nothing does after it was heard of."""
    try:
        told = datetime.fromisoformat(str(text))
        return min(told.astimezone(UTC), heard_at) if told.tzinfo else heard_at
    except (ValueError, OverflowError):
        return heard_at
