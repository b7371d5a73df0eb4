"""Endpoints whose name servers hang: they hold their own look-ups, and nothing that others need."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from api.webhook_client import HttpWebhookClient
from portal.webhooks.client import NoAnswer
from portal.webhooks.targets import NOT_PUBLIC
from tests.turnable_clock import TurnableClock
from tests.waiting import until
from tests.webhooks.conftest import DEADLINE


class NameServers:
    """Those of this machine, of which none answers until the end."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.over = Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        """In place of the system's."""
        self.asked[host] += 1
        self.over.wait(10)
        raise socket.gaierror("no such name")


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServers]:
    """They hang until the test ends."""
    servers = NameServers()
    monkeypatch.setattr(socket, "getaddrinfo", servers.getaddrinfo)
    yield servers
    servers.over.set()


async def test_names_that_hang_hold_no_thread_that_passwords_and_mail_need(hanging: NameServers) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
    async with HttpWebhookClient.open((), TurnableClock(), deadline=DEADLINE) as client:
        posts = [asyncio.create_task(client.post(f"https://host-{n}.example/", {}, b"{}")) for n in range(8)]
        await until(lambda: hanging.asked.total() >= 2)
        async with asyncio.timeout(DEADLINE.total_seconds() / 2):
            assert await asyncio.to_thread(lambda: "free") == "free"
        hanging.over.set()
        assert set(await asyncio.gather(*posts)) == {NoAnswer(NOT_PUBLIC)}


async def test_a_name_that_is_asked_for_by_many_is_looked_up_once_at_a_time(hanging: NameServers) -> None:
    async with HttpWebhookClient.open((), TurnableClock(), deadline=DEADLINE) as client:
        posts = [asyncio.create_task(client.post("https://one.example/", {}, b"{}")) for _ in range(100)]
        await until(lambda: hanging.asked.total() > 0)
        for post in posts[:50]:
            post.cancel()
        hanging.over.set()
        assert set(await asyncio.gather(*posts[50:])) == {NoAnswer(NOT_PUBLIC)}
        assert hanging.asked == {"one.example": 1}


async def test_few_urls_are_checked_at_once_since_each_check_holds_a_connection_to_the_database(
    hanging: NameServers,
) -> None:
    async with HttpWebhookClient.open((), TurnableClock(), deadline=DEADLINE) as client:
        checks = [asyncio.create_task(client.problem_of(f"https://host-{n}.example/")) for n in range(10)]
        told, waiting = await asyncio.wait(checks, timeout=1)
        assert {check.result() for check in told} == {
            "Its host cannot be looked up just now, as others are: try again in a moment."
        }
        assert len(waiting) == 3
        assert await client.problem_of("https://127.0.0.1/") == NOT_PUBLIC  # what needs no look-up is told all the same
        hanging.over.set()
        assert set(await asyncio.gather(*waiting)) == {NOT_PUBLIC}
        assert await client.problem_of("https://once-more.example/") == NOT_PUBLIC
