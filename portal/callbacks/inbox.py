"""The inbox of callbacks: written down before they are answered, in groups."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole

_GROUP_SECONDS = 0.002


class CallbackKind(StrEnum):
    """What a callback tells of."""

    MESSAGE_STATUS = "MESSAGE_STATUS"
    MESSAGE_RECEIVED = "MESSAGE_RECEIVED"
    CALL_STATUS = "CALL_STATUS"
    DEBUGGER = "DEBUGGER"
    USAGE_TRIGGER = "USAGE_TRIGGER"
    TRUST_HUB = "TRUST_HUB"
    EVENT_STREAM = "EVENT_STREAM"


@dataclass(frozen=True, slots=True)
class ReceivedCallback:
    """A callback that was proved genuine: its content as it came, unknown fields too."""

    tenant_id: UUID
    kind: CallbackKind
    content: Any = field(repr=False)  # form fields by name, or what a JSON body holds
    message_id: UUID | None = None  # the message that the address names
    token: str | None = None  # the same on each of the provider's own repeats


class CallbackInbox:
    """Takes callbacks; many that arrive together share one commit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[ReceivedCallback, asyncio.Future[None]]] = []
        self._flush: asyncio.Task[None] | None = None

    async def receive(self, callback: ReceivedCallback) -> None:
        """Return once the callback is on disk; raises what the database raises, and then nothing was stored."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((callback, stored))
        if self._flush is None:
            self._flush = asyncio.create_task(self._flush_soon())
        await stored

    async def _flush_soon(self) -> None:
        await asyncio.sleep(_GROUP_SECONDS)
        group, self._waiting, self._flush = self._waiting, [], None
        try:
            await self._store([callback for callback, _ in group])
        except Exception as error:  # noqa: BLE001  it is every waiter's answer
            for _, stored in group:
                if not stored.done():
                    stored.set_exception(error)
        else:
            for _, stored in group:
                if not stored.done():
                    stored.set_result(None)

    async def _store(self, group: list[ReceivedCallback]) -> None:
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER) as tx:
            await tx.execute(
                "INSERT INTO callback_inbox (id, tenant_id, kind, message_id, token, fields, received_at) "
                "SELECT i.id, i.tenant_id, i.kind, i.message_id, i.token, i.fields::jsonb, $1 "
                "FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[]) "
                "AS i (id, tenant_id, kind, message_id, token, fields)",
                now,
                sorted(new_id(now) for _ in group),
                [callback.tenant_id for callback in group],
                [callback.kind.value for callback in group],
                [callback.message_id for callback in group],
                [callback.token for callback in group],
                [orjson.dumps(callback.content).decode() for callback in group],
            )
