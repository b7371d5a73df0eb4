"""Real processes: two of `portal serve`, one of `portal worker`, and what the one changes told by the other."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest

from tests.live.redis_server import running_redis
from tests.live.sockets import looking
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.product import Caller, Product
from tests.serving import free_port
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
STATUS = "subscription { messageStatusChanged { status } }"


@asynccontextmanager
async def _portal(*command: str, environment: dict[str, str], **more: Any) -> AsyncIterator[None]:
    line = [sys.executable, "-m", "api.command", *command]
    process = await asyncio.create_subprocess_exec(
        *line, env=os.environ | environment, stderr=asyncio.subprocess.DEVNULL, **more
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("over", ["PostgreSQL", "Redis"])
async def test_what_the_worker_did_is_told_by_both_api_processes(over: str, product: Product) -> None:
    database = product.settings.database_url
    assert database is not None
    assert product.settings.secret_key is not None
    environment = {
        "DATABASE_URL": database.get_secret_value(),
        "SECRET_KEY": product.settings.secret_key.get_secret_value(),
        "PUBLIC_URL": product.url,
        "SIMULATOR_URL": product.settings.simulator_url,
        "PORTAL_HOME": str(product.settings.home),
        "DEMO": "0",
    }
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    async with AsyncExitStack() as stack:
        if over == "Redis":
            environment["LIVE_URL"] = await stack.enter_async_context(running_redis())
        sockets = []
        for _ in range(2):
            with free_port() as listening:
                fd, port = listening.fileno(), listening.getsockname()[1]
                serving = _portal("serve", "--fd", str(fd), environment=environment, pass_fds=(fd,))
                await stack.enter_async_context(serving)
            caller = Caller(f"http://localhost:{port}/graphql", tenant.machine.headers)
            await until(lambda address=f"http://localhost:{port}/healthz": _healthy(address), 60)  # type: ignore[misc]  # a default in a lambda
            socket = await stack.enter_async_context(looking(caller))
            await socket.subscribe(STATUS)
            sockets.append(socket)
        await stack.enter_async_context(_portal("worker", environment=environment))
        await send(tenant.machine, contacts)
        for socket in sockets:
            told = [""]
            while told[-1] != "DELIVERED":
                told.append((await socket.data())["messageStatusChanged"]["status"])
            assert told[1:] == sorted(told[1:], key=["QUEUED", "SENDING", "SENT", "DELIVERED"].index)


async def _healthy(address: str) -> bool:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
            return (await http.get(address)).status_code == 200
    except httpx2.TransportError:
        return False
