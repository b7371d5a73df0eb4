"""Imports in the background: looked on at, stopped, and taken up again by another worker, with each row once."""

import asyncio
import os
import sys
from typing import Any

import pytest

from auth.permissions import Permission
from portal.database.address import DatabaseAddress
from portal.imports.claiming import LEASE, MOST_ATTEMPTS
from portal.imports.working import BATCH, ContactImporting
from portal_schema.nodes import NOWHERE, to_global
from tests.imports.files import STATE, SUPPRESS, start, state_of, upload, work_off
from tests.live.sockets import looking
from tests.messages.traffic import add_contacts, messages, plain_numbers, send
from tests.product import SECRET, Product, TenantUnderTest
from tests.waiting import until

PROGRESS = "subscription ($id: ID!) { importProgress(id: $id) { state rowsDone rows } }"
CANCEL = "mutation ($id: ID!) { contactImportCancel(id: $id) { contactImport { state } errors { code path } } }"
SUPPRESSIONS = """query ($filter: SuppressionFilter) {
  suppressions(filter: $filter) { nodes { maskedNumber source } }
}"""


def _file(rows: int) -> str:
    """So many rows, of which every hundredth has no number."""
    lines = [f"{'nobody' if row % 100 == 99 else f'+1202{5_550_000 + row}'},Name {row}" for row in range(rows)]
    return "\n".join(["number,name", *lines])


async def _count(product: Product, tenant: TenantUnderTest) -> int:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return int(await tx.value("SELECT count(*) FROM contact WHERE tenant_id = $1", tenant.id))


async def test_who_goes_on_after_a_worker_that_fell_brings_each_row_in_once(product: Product) -> None:
    tenant = await product.tenant()
    rows = 4 * BATCH
    key = (await start(tenant.machine, _file(rows)))["contactImport"]["id"]
    fallen = asyncio.create_task(work_off(product))

    async def begun() -> bool:
        return bool((await state_of(tenant.machine, key))["rowsDone"])

    await until(begun)
    fallen.cancel()
    await asyncio.gather(fallen, return_exceptions=True)
    between = await state_of(tenant.machine, key)
    assert between["state"] == "RUNNING"
    assert between["rowsDone"] in range(BATCH, rows, BATCH)
    assert await _count(product, tenant) == between["created"]
    assert await work_off(product) == 0  # the lease holds
    product.clock.advance(LEASE)
    assert await work_off(product) == 1
    done = await state_of(tenant.machine, key)
    expected = {"state": "DONE", "rowsDone": rows, "created": rows - rows // 100, "refused": rows // 100}
    assert {name: done[name] for name in expected} == expected
    assert await _count(product, tenant) == rows - rows // 100
    assert done["problemCount"] == rows // 100


@pytest.mark.slow
async def test_a_worker_that_is_killed_in_the_middle_of_a_file_leaves_no_row_out_and_none_twice(
    product: Product, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    rows = 20 * BATCH
    key = (await start(tenant.machine, _file(rows)))["contactImport"]["id"]
    settings = product.settings
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": address.url(),
        "SECRET_KEY": SECRET,
        "PORTAL_HOME": str(settings.home),
        "SIMULATOR_URL": settings.simulator_url,
    }
    command = (sys.executable, "-m", "api.command", "worker")
    worker = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL, env=environment)

    async def begun() -> bool:
        return bool((await state_of(tenant.machine, key))["rowsDone"])

    await until(begun, 60)
    worker.kill()
    await worker.wait()
    between = await state_of(tenant.machine, key)
    assert between["state"] == "RUNNING"
    assert between["rowsDone"] in range(BATCH, rows, BATCH)
    assert await _count(product, tenant) == between["created"]
    product.clock.advance(2 * LEASE)  # the process went by a clock of its own
    assert await work_off(product) == 1
    done = await state_of(tenant.machine, key)
    expected = {"state": "DONE", "rowsDone": rows, "created": rows - rows // 100, "refused": rows // 100}
    assert {name: done[name] for name in expected} == expected
    assert await _count(product, tenant) == rows - rows // 100


async def test_progress_is_told_and_an_import_can_be_stopped(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    key = (await start(tenant.machine, _file(10)))["contactImport"]["id"]
    theirs = (await start(other.machine, _file(10)))["contactImport"]["id"]
    reader = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    async with looking(tenant.machine) as socket:
        await socket.subscribe(PROGRESS, id=key)
        assert await work_off(product) == 2
        told: dict[str, Any] = {}
        while told.get("state") != "DONE":
            told = (await socket.data())["importProgress"]
        assert told == {"state": "DONE", "rowsDone": 10, "rows": 10}
        for given in (theirs, to_global("ContactImport", NOWHERE), "nonsense"):
            await socket.send(type="subscribe", id="2", payload={"query": PROGRESS, "variables": {"id": given}})
            assert await socket.errors() == [("NOT_FOUND", "The tenant has no such import.")]
    late = (await tenant.machine.run(CANCEL, id=key))["contactImportCancel"]
    assert late["errors"] == [{"code": "TOO_LATE", "path": ["id"]}]
    assert await reader.codes(CANCEL, id=key) == ["FORBIDDEN"]
    waiting = (await start(tenant.machine, _file(10)))["contactImport"]["id"]
    stopped = (await tenant.machine.run(CANCEL, id=waiting))["contactImportCancel"]
    assert stopped == {"contactImport": {"state": "CANCELED"}, "errors": []}
    assert await work_off(product) == 0
    assert (await state_of(tenant.machine, waiting))["rowsDone"] == 0


async def test_one_whose_file_is_lost_is_tried_again_and_given_up(product: Product) -> None:
    tenant = await product.tenant()
    key = (await start(tenant.machine, _file(1)))["contactImport"]["id"]
    for path in (product.settings.home / "files").rglob("*"):
        if path.is_file():
            path.unlink()
    for _ in range(MOST_ATTEMPTS):
        assert (await state_of(tenant.machine, key))["state"] == "WAITING"
        assert await work_off(product) == 1
        product.clock.advance(LEASE)
    assert (await state_of(tenant.machine, key))["state"] == "FAILED"
    assert await work_off(product) == 0


async def test_numbers_of_a_file_get_no_messages_and_what_waits_for_them_is_canceled(product: Product) -> None:
    tenant = await product.tenant()
    machine = tenant.machine
    numbers = plain_numbers(2)
    await send(machine, await add_contacts(product, tenant, numbers))
    file = await upload(machine, f"Mobile;Name\n{numbers[0]};Olga\n12;\n+442079460018;=cmd\n", "SUPPRESSIONS")
    asked = {"uploadId": file, "mapping": [{"header": "Mobile", "becomes": "NUMBER"}]}
    for dry_run in (True, False):
        started = (await machine.run(SUPPRESS, input=asked | {"dryRun": dry_run}))["suppressionImport"]
        assert started["errors"] == []
        assert await work_off(product) == 1
        done = (await machine.run(STATE, id=started["contactImport"]["id"]))["contactImport"]
        assert (done["created"], done["skipped"], done["refused"]) == (2, 0, 1)
        statuses = {row["recipient_number"]: row["status"] for row in await messages(product, tenant)}
        assert statuses == {numbers[0]: "QUEUED" if dry_run else "CANCELED", numbers[1]: "QUEUED"}
    found = [
        (await machine.run(SUPPRESSIONS, filter=given))["suppressions"]["nodes"]
        for given in (
            {"sources": ["IMPORT"], "lastDigits": "0018"},
            {"sources": ["STOP", "MANUAL"]},
            {"lastDigits": "%"},
            {"since": {"from": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z"}},
        )
    ]
    assert found == [[{"maskedNumber": "+4•••••••••18", "source": "IMPORT"}], [], [], []]


async def test_several_workers_share_no_import(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    for one in (tenant, tenant, other):
        await start(one.machine, _file(50))
    store = product.settings.file_store()
    workers = [ContactImporting(product.database, store, product.clock) for _ in range(3)]
    worked = sum(await asyncio.gather(*(worker.work_due() for worker in workers)))
    worked += await work_off(product)  # a tenant's second waits for its first
    assert worked == 3
    assert [await _count(product, one) for one in (tenant, other)] == [50, 50]
