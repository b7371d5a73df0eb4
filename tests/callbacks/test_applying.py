"""One callback that cannot be applied stops no other, is tried later and later, and is given up in the end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from portal.callbacks.applying import Callback, apply_inbox
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.database import Database, DatabaseRole, TenantTransaction
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

_Kind, _WORKER = CallbackKind, DatabaseRole.WORKER
MOMENT = timedelta(milliseconds=1)


class PoisonError(Exception):
    """What the applier of these tests says to poison."""


class Heard:
    """An applier that keeps what it is given, and cannot stand the content `poison`."""

    def __init__(self) -> None:
        self.content: list[Any] = []

    async def apply(self, tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:  # noqa: ARG002  an applier's
        """Take all or nothing."""
        if any(callback.content == "poison" for callback in callbacks):
            raise PoisonError
        self.content += [callback.content for callback in callbacks]


async def _receive(
    database: Database, clock: TurnableClock, *contents: str, kind: CallbackKind = _Kind.DEBUGGER
) -> None:
    tenant_id = await make_tenant(database, clock)
    inbox = CallbackInbox(database, clock)
    for content in contents:
        await inbox.receive(ReceivedCallback(tenant_id, kind, content))


async def _rows(database: Database) -> list[Any]:
    async with database.as_role(_WORKER, read_only=True) as tx:
        sql = "SELECT fields #>> '{}' AS content, attempts, problem, applied_at FROM callback_inbox ORDER BY content"
        return [tuple(row) for row in await tx.rows(sql)]


async def test_what_comes_with_poison_is_applied_and_the_poison_waits(database: Database, clock: TurnableClock) -> None:
    heard = Heard()
    await _receive(database, clock, "one", "poison", "two")
    await _receive(database, clock, "another tenant's")
    assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 3
    assert sorted(heard.content) == ["another tenant's", "one", "two"]
    assert await _rows(database) == [
        ("another tenant's", 0, None, clock.now()),
        ("one", 0, None, clock.now()),
        ("poison", 1, "PoisonError", None),
        ("two", 0, None, clock.now()),
    ]
    assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 0


async def test_poison_is_tried_later_and_later_and_given_up(database: Database, clock: TurnableClock) -> None:
    heard, pauses = Heard(), []
    await _receive(database, clock, "poison")
    clock.advance(timedelta(days=3))  # of an inbox that nobody applied: each gets as many hours as any other
    tried_at = clock.now()
    while (row := (await _rows(database))[0])[3] is None:
        assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 0
        attempts = (await _rows(database))[0][1]
        assert attempts == row[1] + 1
        pauses.append(clock.now() - tried_at)
        tried_at = clock.now()
        clock.advance(timedelta(seconds=2**attempts) - MOMENT)
        assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 0
        assert (await _rows(database))[0][1] == attempts
        clock.advance(MOMENT)
    assert pauses == [timedelta(0), *(timedelta(seconds=2**number) for number in range(1, 16))]
    assert row[1:3] == (16, "PoisonError")
    clock.advance(timedelta(days=365))
    assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 0
    assert heard.content == []


async def test_what_failed_for_another_reason_is_applied_when_its_time_comes(
    database: Database, clock: TurnableClock
) -> None:
    broken, heard = Heard(), Heard()
    await _receive(database, clock, "poison")
    await apply_inbox(database, {_Kind.DEBUGGER: broken.apply}, clock)

    async def mended(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        heard.content += [callback.content for callback in callbacks]

    assert await apply_inbox(database, {_Kind.DEBUGGER: mended}, clock) == 0
    clock.advance(timedelta(seconds=2))
    assert await apply_inbox(database, {_Kind.DEBUGGER: mended}, clock) == 1
    assert heard.content == ["poison"]
    assert await _rows(database) == [("poison", 1, None, clock.now())]


async def test_a_kind_that_nobody_applies_here_waits_and_holds_up_no_other(
    database: Database, clock: TurnableClock
) -> None:
    heard = Heard()
    await _receive(database, clock, "new", kind=_Kind.TRUST_HUB)
    await _receive(database, clock, "known")
    assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 1
    assert await _rows(database) == [("known", 0, None, clock.now()), ("new", 0, None, None)]


async def test_whoever_waits_longest_is_applied_first_however_many_tenants_wait(
    database: Database, clock: TurnableClock
) -> None:
    heard, inbox = Heard(), CallbackInbox(database, clock)
    others = sorted(uuid4() for _ in range(101))
    for tenant_id in reversed(others):
        await inbox.receive(ReceivedCallback(tenant_id, _Kind.DEBUGGER, str(tenant_id)))
        clock.advance(MOMENT)
    assert await apply_inbox(database, {_Kind.DEBUGGER: heard.apply}, clock) == 100
    assert heard.content == [str(tenant_id) for tenant_id in reversed(others[1:])]
