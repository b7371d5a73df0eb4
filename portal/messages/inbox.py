"""The inbox of callbacks: written down before they are answered, in groups; applied afterwards, in batches."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.database.connection import Row
from portal.messages.provider import StatusReport, StatusReports
from portal.messages.recording import EventSource, News, record
from portal.messages.status import Standing

_GROUP_SECONDS = 0.002
_BATCH = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    tenant_id: UUID
    message_id: UUID
    fields: str
    stored: asyncio.Future[None]


class CallbackInbox:
    """Takes callbacks; many that arrive together share one commit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._flush: asyncio.Task[None] | None = None

    async def receive(self, tenant_id: UUID, message_id: UUID, fields: Mapping[str, str]) -> None:
        """Return once the callback is on disk; raises what the database raises, and then nothing was stored."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(tenant_id, message_id, orjson.dumps(dict(fields)).decode(), stored))
        if self._flush is None:
            self._flush = asyncio.create_task(self._flush_soon())
        await stored

    async def _flush_soon(self) -> None:
        await asyncio.sleep(_GROUP_SECONDS)
        group, self._waiting, self._flush = self._waiting, [], None
        try:
            await self._store(group)
        except Exception as error:  # noqa: BLE001  it is every waiter's answer
            for item in group:
                if not item.stored.done():
                    item.stored.set_exception(error)
        else:
            for item in group:
                if not item.stored.done():
                    item.stored.set_result(None)

    async def _store(self, group: list[_Waiting]) -> None:
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.WORKER) as tx:
            await tx.execute(
                "INSERT INTO callback_inbox (id, tenant_id, message_id, fields, received_at) "
                "SELECT i.id, i.tenant_id, i.message_id, i.fields::jsonb, $1 "
                "FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) AS i (id, tenant_id, message_id, fields)",
                now,
                sorted(new_id(now) for _ in group),
                [item.tenant_id for item in group],
                [item.message_id for item in group],
                [item.fields for item in group],
            )


async def apply_inbox(database: Database, reports: StatusReports, clock: Clock) -> int:
    """Apply what waits, a batch of each tenant; how many callbacks were applied."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        waiting = await tx.rows("SELECT DISTINCT tenant_id FROM callback_inbox WHERE applied_at IS NULL LIMIT 100")
    applied = 0
    for row in waiting:
        try:
            async with database.for_tenant(row["tenant_id"]) as own:
                applied += await _apply_batch(own, reports, clock)
        except Exception as error:  # it waits for the next round, and no other tenant waits with it
            log.exception("callbacks_not_applied", tenant_id=str(row["tenant_id"]), error=type(error).__name__)
    return applied


def _read(reports: StatusReports, row: Row) -> StatusReport | None:
    """What a callback says; one that cannot be read stays as it came, and does not stop the others."""
    try:
        return reports.read(orjson.loads(row["fields"]))
    except Exception as error:
        log.exception("callback_not_read", callback_id=str(row["id"]), error=type(error).__name__)
        return None


async def _apply_batch(tx: TenantTransaction, reports: StatusReports, clock: Clock) -> int:
    now = clock.now()
    rows = await tx.rows(
        "SELECT id, message_id, fields, received_at FROM callback_inbox WHERE tenant_id = $1 AND applied_at IS NULL "
        "ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED",
        tx.tenant_id,
        _BATCH,
    )
    news = []
    for row in rows:
        report = _read(reports, row)
        if report is not None:
            standing = Standing(report.status, report.issue)
            at = report.at or row["received_at"]
            news.append(News(row["message_id"], standing, at, EventSource.CALLBACK, report.reference))
    await record(tx, news, now=now)
    await tx.execute(
        "UPDATE callback_inbox SET applied_at = $3 WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
        tx.tenant_id,
        [row["id"] for row in rows],
        now,
    )
    return len(rows)
