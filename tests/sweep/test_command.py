"""`portal sweep`: asks now, whatever is due, and says what it brought and what it could not ask."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import UUID

import pytest

from portal.database.address import DatabaseAddress
from portal.messages.status import MessageStatus
from tests.messages.gate import Gate
from tests.messages.traffic import add_contacts, deaf_dispatcher, messages, plain_numbers, send, statuses, timeline
from tests.product import SECRET, Product, TenantUnderTest
from tests.sweep.sweeping import unheard

_Status = MessageStatus


class Shell:
    """Runs the command on a test's database and simulator."""

    def __init__(self, address: DatabaseAddress, simulator: str, home: Path) -> None:
        self.environment = {
            "DATABASE_URL": address.url(),
            "SECRET_KEY": SECRET,
            "PORTAL_HOME": str(home),
            "SIMULATOR_URL": simulator,
            "COLUMNS": "200",
        }

    async def run(self, *line: str) -> tuple[int, list[str], str]:
        """How it ended, what it said, line by line, and what it told beside."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.command", "sweep", *line),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | self.environment,
        )
        out, told = await process.communicate()
        return process.returncode or 0, [" ".join(one.split()) for one in out.decode().splitlines()], told.decode()


@pytest.fixture
def shell(address: DatabaseAddress, simulator: str, tmp_path: Path) -> Shell:
    return Shell(address, simulator, tmp_path / "home")


async def _slug(product: Product, tenant_id: UUID) -> str:
    async with product.database.for_tenant(tenant_id, read_only=True) as tx:
        return str(await tx.value("SELECT slug FROM tenant WHERE id = $1", tenant_id))


async def _silent_tenant(product: Product, count: int) -> tuple[TenantUnderTest, str]:
    tenant = await product.tenant(allowance=None)
    await unheard(product, tenant, plain_numbers(count))
    return tenant, await _slug(product, tenant.id)


async def test_all_tenants_are_asked_about_at_once_and_each_has_its_line(product: Product, shell: Shell) -> None:
    many, many_slug = await _silent_tenant(product, 30)
    few, few_slug = await _silent_tenant(product, 2)
    await send(few.machine, await add_contacts(product, few, ["+12025550180"]), key="waits")
    await deaf_dispatcher(product).run_once()
    code, lines, told = await shell.run()
    assert code == 0
    assert sorted(lines[1:]) == sorted([f"{many_slug} 30 30 0 0 0", f"{few_slug} 3 2 0 1 0"])
    assert lines[0] == "Tenant Asked Repaired Received Still silent Not answered Problem"
    assert f"{many_slug}: 30 asked about …" in told
    assert await statuses(product, many) == [_Status.DELIVERED] * 30
    first = (await messages(product, many))[0]
    assert (await timeline(product, many, first["id"]))[-1] == ("DELIVERED", "SWEEP")
    # Again there is only what still waits.
    code, lines, _ = await shell.run()
    assert (code, sorted(lines[1:])) == (0, sorted([f"{many_slug} 0 0 0 0 0", f"{few_slug} 1 0 0 1 0"]))


async def test_one_tenant_is_swept_by_its_short_name(product: Product, shell: Shell) -> None:
    one, slug = await _silent_tenant(product, 1)
    other, _ = await _silent_tenant(product, 1)
    code, lines, _ = await shell.run("--tenant", slug)
    assert (code, lines[1:]) == (0, [f"{slug} 1 1 0 0 0"])
    assert await statuses(product, one) == [_Status.DELIVERED]
    assert await statuses(product, other) == [_Status.SENDING]


async def test_a_tenant_that_is_not_there_is_said(product: Product, shell: Shell) -> None:
    assert await shell.run("--tenant", "nobody") == (
        1,
        [],
        "There is no tenant nobody: --tenant takes a tenant's short name.\n",
    )


async def test_what_could_not_be_asked_is_said_and_stops_no_other(product: Product, gate: Gate, shell: Shell) -> None:
    broken, broken_slug = await _silent_tenant(product, 3)
    tenant, slug = await _silent_tenant(product, 3)
    gate.unanswered[broken.account_sid] = 503
    code, lines, told = await shell.run()
    assert code == 1
    assert sorted(lines[1:]) == sorted(
        [f"{broken_slug} 0 0 0 3 3 what it received could not be read", f"{slug} 3 3 0 0 0"]
    )
    assert told.endswith("Not everything could be asked about, of 1 tenants: run it again in a while.\n")
    assert await statuses(product, tenant) == [_Status.DELIVERED] * 3


async def test_without_a_database_it_says_so(shell: Shell) -> None:
    shell.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/nothing"
    code, lines, told = await shell.run()
    assert (code, lines) == (1, [])
    assert "The database at 127.0.0.1:9 does not answer" in told
