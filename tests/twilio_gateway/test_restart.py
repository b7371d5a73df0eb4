"""A simulator that stops, or is killed, goes on where it was."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from portal.messages.provider import Accepted, OutgoingMessage, ProviderCredentials
from portal.messages.status import MessageStatus
from tests.twilio_gateway.receiver import receiving
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.signature import verify
from twilio_gateway.simulator.__main__ import TOKEN_VARIABLE, main
from twilio_gateway.simulator.documentation import document

PARENT_SID, PARENT_TOKEN = "AC" + "2" * 32, "token-of-the-parent"


@contextmanager
def process(state: Path, port: int, step_delay: float) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-W", "error", "-m", "twilio_gateway.simulator"]
    options = ["--port", str(port), "--state", str(state), "--parent-sid", PARENT_SID, "--step-delay", str(step_delay)]
    started = subprocess.Popen([*command, *options], env={**os.environ, TOKEN_VARIABLE: PARENT_TOKEN})
    try:
        yield started
    finally:
        started.kill()
        started.wait()


async def until_it_answers(port: int) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"http://127.0.0.1:{port}/"):
                    return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)


async def test_a_killed_simulator_keeps_every_promise_after_the_next_start(tmp_path: Path) -> None:
    state = tmp_path / "simulator.sqlite"
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    since = datetime.now(UTC)
    async with receiving() as receiver, TwilioGateway.open(f"http://127.0.0.1:{port}") as gateway:
        with process(state, port, step_delay=600) as first:
            await until_it_answers(port)
            tenant = await gateway.accounts(PARENT_SID, PARENT_TOKEN).provision("Falcon Flights")
            key = ProviderCredentials(tenant.account_sid, tenant.key_sid, tenant.key_secret)
            callback = f"{receiver.address}/callback"
            message = OutgoingMessage("+12025550105", "Hi", None, tenant.messaging_service_sid, callback)
            sent = await gateway.messages.send(key, message)
            assert isinstance(sent, Accepted)
            first.kill()
            first.wait()
        assert receiver.received == []
        hasten(state)
        with process(state, port, step_delay=0.05):
            seen = await receiver.until(lambda seen: len(seen) == 3)
            assert [one.fields["MessageStatus"] for one in seen] == ["queued", "sent", "undelivered"]
            assert {one.fields["MessageSid"] for one in seen} == {sent.reference}
            signature = seen[-1].headers["X-Twilio-Signature"]
            assert verify(callback, seen[-1].fields, signature, [tenant.auth_token])
            [found] = await gateway.messages.sent_to(key, "+12025550105", since=since)
            assert (found.reference, found.status) == (sent.reference, MessageStatus.UNDELIVERED)
            again = await gateway.accounts(PARENT_SID, PARENT_TOKEN).provision("Falcon Flights")
    assert (again.account_sid, again.number) == (tenant.account_sid, tenant.number)


def hasten(state: Path) -> None:
    """Make what is due in ten minutes due now: the kill surely came before it, and nobody waits."""
    with sqlite3.connect(state) as connection:
        changed = connection.execute("UPDATE event SET due = due - ?", (timedelta(hours=1).total_seconds(),))
        assert changed.rowcount == 6
    connection.close()


def test_without_the_parents_token_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert main(["--parent-sid", PARENT_SID]) == 2
    assert TOKEN_VARIABLE in capsys.readouterr().err


def test_the_committed_page_is_the_one_that_the_code_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--table"]) == 0
    committed = (Path(__file__).parents[2] / "docs" / "SIMULATOR.md").read_text("utf-8")
    assert capsys.readouterr().out == document() == committed
