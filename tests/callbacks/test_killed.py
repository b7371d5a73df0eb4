"""A killed API process loses nothing that it acknowledged."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from portal.clock import new_id
from portal.database.address import DatabaseAddress
from tests.messages.callbacks import FORM, fields_of
from tests.product import SECRET, Product, TenantUnderTest
from tests.serving import free_port
from tests.waiting import until

CONNECTIONS = 32
KILLS = 3


@contextmanager
def _process(address: DatabaseAddress, home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`portal serve` on this database."""
    environment = {
        **os.environ,
        "DATABASE_URL": address.url(),
        "DATABASE_OWNER_URL": "",
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": f"http://localhost:{port}",
        "PORT": str(port),
        "PORTAL_HOME": str(home),
        "DEMO": "0",
    }
    process = subprocess.Popen([sys.executable, "-m", "api.command", "serve"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://localhost:{port}/readyz", timeout=5, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


class _Load:
    """Twilio, calling from many connections until the server is gone; knows what was acknowledged."""

    def __init__(self, tenant: TenantUnderTest, port: int) -> None:
        self._tenant = tenant
        self._url = f"http://localhost:{port}/webhooks/twilio/{tenant.id}/messages"
        self._validator = RequestValidator(tenant.auth_token)
        self.acknowledged: set[UUID] = set()
        self.unanswered = 0

    async def call(self, product: Product) -> None:
        """Call again and again, with another message each time."""
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            while True:
                message_id = new_id(product.clock.now())
                url, fields = f"{self._url}/{message_id}", fields_of(self._tenant, "delivered")
                signature = self._validator.compute_signature(url, fields)
                headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
                try:
                    answer = await http.post(url, content=urlencode(fields).encode(), headers=headers)
                except httpx2.TransportError:
                    self.unanswered += 1
                    return
                assert answer.status_code == 204
                self.acknowledged.add(message_id)


async def _stored(product: Product, tenant: TenantUnderTest) -> set[UUID]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return {row["message_id"] for row in await tx.rows("SELECT message_id FROM callback_inbox")}


@pytest.mark.slow
async def test_killed_under_load_between_receipt_and_commit_it_has_all_that_it_acknowledged(
    product: Product, address: DatabaseAddress, tmp_path: Path
) -> None:
    tenant = await product.tenant()
    with free_port() as free:
        port = free.getsockname()[1]
    load = _Load(tenant, port)
    for killed in range(1, KILLS + 1):
        with _process(address, tmp_path, port) as process:
            await until(lambda: _ready(port), 60)
            calling = [asyncio.create_task(load.call(product)) for _ in range(CONNECTIONS)]
            before = len(load.acknowledged)
            await until(lambda: len(load.acknowledged) >= before + 100 * killed, 60)  # noqa: B023  over before it changes
            process.send_signal(signal.SIGKILL)
            await asyncio.gather(*calling)
        # It died with callbacks in its hands: those that it had not answered may be there or not.
        assert load.unanswered == CONNECTIONS * killed
        stored = await _stored(product, tenant)
        assert load.acknowledged <= stored
        assert len(stored) <= len(load.acknowledged) + load.unanswered
    while await product.apply_callbacks():
        pass
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert await tx.value("SELECT count(*) FROM callback_inbox WHERE applied_at IS NULL") == 0
