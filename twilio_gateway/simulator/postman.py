"""Lets time pass: changes statuses when they are due, and delivers signed callbacks over HTTP."""

import asyncio
import contextlib
import ipaddress
from collections.abc import Coroutine
from sqlite3 import Row
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urldefrag, urlsplit

import aiohttp

from portal.clock import Clock
from twilio_gateway.simulator.inbound import answer
from twilio_gateway.simulator.ledger import Ledger
from twilio_gateway.simulator.lifecycle import price_micros
from twilio_gateway.simulator.magic import outcome_for
from twilio_gateway.simulator.payloads import message_received, message_status
from twilio_gateway.simulator.settings import SimulatorSettings
from twilio_gateway.simulator.signing import SignedCallback, sign

_CONNECT_SECONDS = 5.0  # Twilio's defaults
_READ_SECONDS = 15.0
_MOST_RETRIES = 5


class Postman:
    """Works off the ledger's events; what is left when it stops is delivered after the next start."""

    def __init__(self, ledger: Ledger, settings: SimulatorSettings, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._step = settings.step_delay.total_seconds()
        self._news = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}  # of each message

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS),
        )
        self._loop = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [self._loop, *self._deliveries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    def follow(self, life: Coroutine[Any, Any, None]) -> None:
        """Let something happen in its own time; it is broken off when the simulator stops."""
        task = asyncio.create_task(life)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    def wake(self) -> None:
        """New events are in the ledger."""
        self._news.set()

    async def _work(self) -> None:
        while True:
            self._news.clear()
            self._do_what_is_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next()):
                    await self._news.wait()

    def _until_next(self) -> float | None:
        following = self._ledger.row("SELECT min(due) AS due FROM event WHERE under_way = 0")
        if following is None or following["due"] is None:
            return None
        return max(0.0, float(following["due"]) - self._clock.now().timestamp())

    def _do_what_is_due(self) -> None:
        now = self._clock.now().timestamp()
        for event in self._ledger.rows("SELECT * FROM event WHERE under_way = 0 AND due <= ? ORDER BY due, id", now):
            if event["kind"] == "status":
                with self._ledger.transaction():
                    _change_status(self._ledger, event)
                    self._ledger.write("DELETE FROM event WHERE id = ?", event["id"])
            elif event["kind"] == "answer":
                self._ledger.write("DELETE FROM event WHERE id = ?", event["id"])
                _answer(self._ledger, event)
                self.wake()
            else:
                self._ledger.write("UPDATE event SET under_way = 1 WHERE id = ?", event["id"])
                self._start_delivery(event)

    def _start_delivery(self, event: Row) -> None:
        sid = event["message_sid"]
        task = asyncio.create_task(self._deliver(event, self._latest.get(sid)))
        self._deliveries.add(task)
        self._latest[sid] = task
        task.add_done_callback(lambda done: self._forget(sid, done))

    def _forget(self, sid: str, done: asyncio.Task[None]) -> None:
        self._deliveries.discard(done)
        if self._latest.get(sid) is done:
            del self._latest[sid]

    async def _deliver(self, event: Row, before: asyncio.Task[None] | None) -> None:
        if before is not None:  # one after the other, so that the order is the one that was planned
            await asyncio.wait([before])
        message = self._ledger.row(
            "SELECT message.*, auth_token FROM message JOIN account ON account.sid = account_sid WHERE message.sid = ?",
            event["message_sid"],
        )
        trouble = None
        if message is not None and is_loopback(message["status_callback"]):
            trouble = _trouble(await self.post(_signed(message, event)))
        if trouble is not None and is_retried(message["status_callback"] if message else "", event["attempt"], trouble):
            self._ledger.write(
                "UPDATE event SET under_way = 0, attempt = attempt + 1, due = ? WHERE id = ?",
                self._clock.now().timestamp() + self._step,
                event["id"],
            )
        else:
            self._ledger.write("DELETE FROM event WHERE id = ?", event["id"])
        self.wake()

    async def post(self, callback: SignedCallback) -> int | str:
        """Deliver once; the answer's status, or why there is none in the words of Twilio's retry policy."""
        answer, _ = await self.ask(callback)
        return answer

    async def ask(self, callback: SignedCallback) -> tuple[int | str, str]:
        """Deliver once; the same as `post`, and the answer's text."""
        try:
            async with self._session.post(
                callback.url, data=callback.body, headers=callback.headers, allow_redirects=False
            ) as response:
                return response.status, await response.text(errors="replace")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return "ct", ""
        except (aiohttp.ClientError, OSError):
            return "rt", ""


def _signed(message: Row, event: Row) -> SignedCallback:
    content = message_received(message) if event["status"] == "received" else message_status(message, event)
    return sign(message["status_callback"], content, message["auth_token"], token=event["token"])


def _trouble(answer: int | str) -> str | None:
    """What went wrong, in the words of Twilio's retry policy."""
    if isinstance(answer, str):
        return answer
    return f"{answer // 100}xx" if answer >= 400 else None  # noqa: PLR2004  an error


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine: the simulator calls nobody else."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return False
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def is_retried(url: str, attempt: int, trouble: str) -> bool:
    """Whether Twilio would try again: by default once, and only where no connection came about.

    The address's fragment can ask for more: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
    """
    wishes = parse_qs(urldefrag(url).fragment)
    count = wishes.get("rc", ["1"])[0]
    policy = wishes.get("rp", ["ct"])[0].split(",")
    limit = min(int(count), _MOST_RETRIES) if count.isascii() and count.isdigit() else 1
    return attempt < limit and (trouble in policy or "all" in policy)


def _answer(ledger: Ledger, event: Row) -> None:
    message = ledger.row("SELECT * FROM message WHERE sid = ?", event["message_sid"])
    text = outcome_for(message["recipient"]).answer if message else None
    if message is not None and text is not None:
        answer(ledger, event["happened"], message, text)


def _change_status(ledger: Ledger, event: Row) -> None:
    message = ledger.row("SELECT * FROM message WHERE sid = ?", event["message_sid"])
    if message is None:
        return
    status, at = event["status"], event["happened"]
    price = price_micros(status, message["recipient"], message["segments"], message["num_media"])
    ledger.write(
        "UPDATE message SET status = ?, error_code = ?, price_micros = ?, updated = ?, "
        "sent = CASE WHEN ? = 'queued' THEN sent ELSE coalesce(sent, ?) END, sender = coalesce(sender, "
        "(SELECT phone_number FROM service_number JOIN number ON number.sid = number_sid WHERE service_sid = ? "
        "ORDER BY service_number.seq LIMIT 1)) WHERE sid = ?",
        status,
        event["error_code"],
        price,
        at,
        status,
        at,
        message["service_sid"],
        message["sid"],
    )
