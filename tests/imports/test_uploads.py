"""Addresses that files are put to: of one tenant, for one purpose, once, in time, and no larger than was said."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from auth.permissions import Permission, TenantRole
from portal.files.expiring import delete_expired_files
from portal.files.uploads import KEPT_FOR, LARGEST, MOST_BYTES, MOST_FILES, PUT_WITHIN
from portal.imports.starting import MOST_WAITING
from tests.imports.files import IMPORT, UPLOAD, address_for, bring_in, put, upload
from tests.product import Caller, Product
from tests.waiting import until

FILE = b"number\n+12025550143\n"


def _kept(product: Product) -> list[str]:
    """The names of the files in the store."""
    return sorted(path.name for path in (product.settings.home / "files").rglob("*") if path.is_file())


async def _create(caller: Caller, **given: Any) -> list[tuple[str, list[str] | None]]:
    asked = {"purpose": "CONTACTS", "name": "Customers.csv", "size": 1} | given
    made = (await caller.run(UPLOAD, input=asked))["uploadCreate"]
    assert (made["url"] is None) == bool(made["errors"])
    return [(error["code"], error["path"]) for error in made["errors"]]


async def test_an_address_is_good_once_in_time_and_for_just_this_file(product: Product) -> None:
    tenant = await product.tenant()
    machine = tenant.machine
    taken = await address_for(machine, FILE)
    assert (await put(taken["url"], FILE)).status_code == 204
    used = await put(taken["url"], b"other\n+12025550144\n")
    large = await put((await address_for(machine, FILE))["url"], FILE + b"+1")
    small = await put((await address_for(machine, FILE))["url"], FILE[:-1])
    forged = await put(taken["url"][:-8] + "AAAAAAAA", FILE)
    nonsense = await put(f"{product.url}/uploads/nonsense", FILE)
    late = await address_for(machine, FILE)
    product.clock.advance(PUT_WITHIN)
    expired = await put(late["url"], FILE)
    answers = [(answer.status_code, answer.text) for answer in (used, large, small, forged, nonsense, expired)]
    assert answers == [
        (409, "This address was used: ask for a new one with uploadCreate.\n"),
        (413, "More than the 20 bytes that were said arrived: ask for a new address, with the true size.\n"),
        (400, "Only 19 of 20 bytes arrived: ask for a new address, and put the whole file there.\n"),
        (404, "There is no such address: ask for one with uploadCreate.\n"),
        (404, "There is no such address: ask for one with uploadCreate.\n"),
        (410, "This address is too old: ask for a new one with uploadCreate.\n"),
    ]
    assert len(_kept(product)) == 1
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        sql = "SELECT count(*) FROM upload WHERE tenant_id = $1 AND stored_at IS NOT NULL"
        assert await tx.value(sql, tenant.id) == 1


async def test_a_file_whose_sender_goes_away_is_none(product: Product) -> None:
    tenant = await product.tenant()
    address = await address_for(tenant.machine, FILE)

    async def broken() -> AsyncIterator[bytes]:
        yield FILE[:5]
        raise ConnectionError

    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        with pytest.raises(ConnectionError):
            await http.put(address["url"], content=broken())
    assert (await put(address["url"], FILE)).status_code == 409
    await until(lambda: _kept(product) == [])  # what had come is thrown away once the server knows that no more comes


async def test_who_may_not_write_contacts_gets_no_address_and_what_cannot_be_is_refused(product: Product) -> None:
    tenant = await product.tenant()
    reader = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    given = {"purpose": "CONTACTS", "name": "x", "size": 1}
    assert await reader.codes(UPLOAD, input=given) == ["FORBIDDEN"]
    support = await product.member(tenant.id, TenantRole.SUPPORT)
    assert await support.codes(UPLOAD, input=given) == ["FORBIDDEN"]
    assert await _create(tenant.machine, size=0) == [("INVALID", ["input", "size"])]
    assert await _create(tenant.machine, size=LARGEST + 1) == [("TOO_LARGE", ["input", "size"])]
    assert await _create(tenant.machine, name="x" * 201) == [("INVALID", ["input", "name"])]
    assert await _create(tenant.machine, size=LARGEST) == []


async def test_a_file_goes_when_it_is_in_and_otherwise_after_a_day(product: Product) -> None:
    tenant = await product.tenant()
    machine = tenant.machine
    await bring_in(product, machine, FILE, dryRun=True)
    await upload(machine, FILE)
    await bring_in(product, machine, FILE)
    store = product.settings.file_store()
    assert len(_kept(product)) == 3
    assert await delete_expired_files(product.database, store, product.clock) == 1  # what is in
    product.clock.advance(KEPT_FOR - timedelta(seconds=1))
    assert await delete_expired_files(product.database, store, product.clock) == 0
    product.clock.advance(timedelta(seconds=1))
    assert await delete_expired_files(product.database, store, product.clock) == 2
    assert _kept(product) == []


async def test_only_so_many_files_are_kept_and_so_many_imports_wait(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    now = product.clock.now()
    key = await upload(owner, FILE)
    uploads = (
        "INSERT INTO upload (tenant_id, id, purpose, name, size, created_at, put_until, delete_at) "
        "SELECT $1, gen_random_uuid(), 'CONTACTS', 'x', $2, $3, $4, $5 FROM generate_series(1, $6)"
    )
    imports = (
        "INSERT INTO contact_import (tenant_id, id, purpose, upload_id, file_name, file_size, dry_run, options, state, "
        "rows, actor_kind, actor_id, actor_name, requested_at, due_at) SELECT $1, gen_random_uuid(), 'CONTACTS', $1, "
        "'x', 1, true, '{}', 'WAITING', 1, 'MACHINE', $1, 'x', $2, $2 FROM generate_series(1, $3)"
    )
    until, deleted = now + PUT_WITHIN, now + KEPT_FOR
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute(imports, tenant.id, now, MOST_WAITING)
        await tx.execute(uploads, tenant.id, 1, now, until, deleted, MOST_FILES - 2)
    given = {"uploadId": key, "dryRun": True}
    refused = (await owner.run(IMPORT, input=given))["contactImport"]
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("TOO_MANY_IMPORTS", None)]
    assert await _create(owner) == []
    assert await _create(owner) == [("TOO_MANY_UPLOADS", None)]
    product.clock.advance(PUT_WITHIN)  # what was never put lies nowhere
    assert await _create(owner) == []
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute(uploads, tenant.id, MOST_BYTES - len(FILE) - 1, now, deleted, deleted, 1)
    assert await _create(owner) == [("TOO_MANY_UPLOADS", None)]
