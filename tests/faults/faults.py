"""Plays it: sends while everything fails and is killed, then lets it run until it is quiet, and reckons."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx2

from portal.database import DatabaseRole
from portal.mail.queue import MailQueue
from portal.plans.proration import first_instant
from portal.reconciliation.reconciling import Reconciliation
from portal.usage.gathering import UsageSync
from portal.usage.nightly import request_nightly
from tests.faults.customers import Customer, send_all, sign_up
from tests.faults.installation import Installation, installed
from tests.faults.reckoning import Reckoning, read_ledger, reckon, reckon_bill
from tests.product import PARENT
from tests.year.world import World
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.faults import Shares

Say = Callable[[str], None]
SHARES = Shares(
    bursts=0.7,
    fault_before=1,
    fault_after=1,
    cut_before=1,
    cut_after=1,
    slow=0.3,
    late=0.3,
    questions=3,
    callbacks_lost=5,
    callbacks_twice=10,
    callbacks_late=15,
)
_LEAP = timedelta(seconds=65)  # at least: workers are stopped and started for it
_SETTLED = timedelta(days=3)  # when the provider's count of a day has been read


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played."""

    messages: int
    tenants: int
    workers: int
    kills: int
    pause: tuple[float, float]  # seconds from one kill to the next
    seconds: float  # until it has to be quiet


SMALL = Size(messages=400, tenants=5, workers=2, kills=8, pause=(0.7, 2), seconds=600)
FULL = Size(messages=20_000, tenants=50, workers=4, kills=80, pause=(2, 10), seconds=3 * 3600)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not over yet: when the first of it is due, and how many there are of what."""

    first: datetime | None
    queued: int
    confirming: int
    silent: int  # at the provider, and not heard of
    callbacks: int  # in the inbox
    at_the_provider: int  # events to come

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more will happen."""
        return not (self.queued or self.confirming or self.silent or self.callbacks or self.at_the_provider)

    def __str__(self) -> str:
        return (
            f"{self.queued} wait, {self.confirming} confirming, {self.silent} silent, {self.callbacks} callbacks, "
            f"{self.at_the_provider} to come"
        )


async def play(home: Path, seed: int, size: Size, say: Say) -> Reckoning:
    """Play it all in this folder; what is wrong is counted, not raised."""
    async with asyncio.timeout(size.seconds), installed(home, seed, workers=size.workers) as installation:
        await installation.start_twilio()
        auth = (PARENT.parent_sid, PARENT.parent_token)
        async with (
            TwilioGateway.open(installation.simulator_url, timedelta(seconds=60)) as gateway,
            httpx2.AsyncClient(base_url=installation.simulator_url, auth=auth, trust_env=False, timeout=60) as http,
        ):
            world = World(installation.database, installation.clock, gateway, http)
            customers = await sign_up(world, size.tenants, seed)
            await installation.start_portal()
            say(f"{size.tenants} tenants, {size.workers} workers; {size.messages} messages are sent now")
            await _tell(http, SHARES.model_copy(update={"seed": seed}))
            await _send_and_kill(installation, customers, size, say)
            await _run_until_quiet(installation, size, say)
            await _tell(http, Shares())
            await installation.stop_workers()
            ledger = read_ledger(installation.ledger)
            reckoning = await reckon(installation.database, customers, ledger)
            say(f"before the provider's count of the day is read: {reckoning}")
            await _settle(world, installation)
            await reckon_bill(installation.database, customers, ledger, reckoning)
            return reckoning


async def _tell(http: httpx2.AsyncClient, shares: Shares) -> None:
    (await http.post("/simulator/faults", json=shares.model_dump())).raise_for_status()


async def _send_and_kill(installation: Installation, customers: list[Customer], size: Size, say: Say) -> None:
    sending = asyncio.create_task(
        send_all(customers, installation, size.messages // size.tenants, at_once=min(8, size.tenants))
    )
    telling = asyncio.create_task(_tell_progress(installation, customers, say))
    chance = random.Random(installation.chance.random())
    try:
        while True:
            await asyncio.sleep(chance.uniform(*size.pause))
            if sending.done():
                sending.result()
                if installation.killed.total() >= size.kills:
                    break
            await installation.kill_one()
    finally:
        sending.cancel()
        telling.cancel()
        await asyncio.gather(sending, telling, return_exceptions=True)
    promised, tries = sum(one.promised for one in customers), sum(one.tries for one in customers)
    killed = ", ".join(f"{what} {times} times" for what, times in sorted(installation.killed.items()))
    say(f"{promised} accepted in {tries} requests; killed: {killed}")


async def _tell_progress(installation: Installation, customers: list[Customer], say: Say) -> None:
    while True:
        await asyncio.sleep(10)
        promised = sum(customer.promised for customer in customers)
        say(f"{promised} accepted, {await _waiting(installation)}; {installation.killed.total()} killed")


async def _run_until_quiet(installation: Installation, size: Size, say: Say) -> None:
    """Go on without kills; whatever nobody works on until it is due is due at once."""
    told = 0
    while not (waiting := await _waiting(installation)).is_quiet:
        if (told := told + 1) % 20 == 0:
            say(f"{waiting}")
        now = installation.clock.now()
        at_work = waiting.callbacks or waiting.at_the_provider
        if not at_work and waiting.first is not None and waiting.first > now:
            await installation.turn_to(max(waiting.first, now + _LEAP))
        await asyncio.sleep(0.5)


async def _waiting(installation: Installation) -> Waiting:
    """What the tables say; asked again where the database was just killed."""
    while True:
        with suppress(Exception):
            return await _read_waiting(installation)
        await asyncio.sleep(0.5)


async def _read_waiting(installation: Installation) -> Waiting:
    async with installation.database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        tenants = [row["id"] for row in await tx.rows("SELECT id FROM tenant")]
        callbacks = await tx.value("SELECT count(*) FROM callback_inbox WHERE applied_at IS NULL")
    counts, dues = [0, 0, 0], []
    for tenant_id in tenants:
        async with installation.database.for_tenant(tenant_id, read_only=True) as tx:
            row = await tx.row(
                "SELECT count(*) FILTER (WHERE status IN ('QUEUED', 'SENDING') AND due_at IS NOT NULL) AS queued, "
                "count(*) FILTER (WHERE status = 'CONFIRMING') AS confirming, "
                "count(*) FILTER (WHERE ask_at IS NOT NULL) AS silent, least(min(due_at), min(ask_at)) AS first "
                "FROM message WHERE tenant_id = $1",
                tenant_id,
            )
        assert row is not None
        counts = [so_far + more for so_far, more in zip(counts, row[:3], strict=True)]
        dues += [row["first"]] if row["first"] else []
    with closing(sqlite3.connect(f"file:{installation.ledger}?mode=ro", uri=True)) as ledger:
        (coming,) = ledger.execute("SELECT count(*) FROM event").fetchone()
    queued, confirming, silent = counts
    return Waiting(min(dues, default=None), queued, confirming, silent, callbacks, coming)


async def _settle(world: World, installation: Installation) -> None:
    """Let days go by, and the provider's count be read: it decides what nobody could confirm."""
    days = (installation.clock.now() + _SETTLED).date()
    installation.clock.turn_to(first_instant(days) + timedelta(hours=6))
    while await request_nightly(world.database, world.clock):
        pass
    await UsageSync(world.database, world.gateway.usage_records, world.accounts, world.clock).work_due()
    await Reconciliation(world.database, MailQueue(world.box), installation.api_url, world.clock).work_due()
