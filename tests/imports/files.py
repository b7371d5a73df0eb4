"""Files that a tenant hands in, and what becomes of them."""

from typing import Any

import httpx2

from portal.imports.working import ContactImporting
from tests.product import Caller, Product

UPLOAD = """mutation ($input: UploadCreateInput!) {
  uploadCreate(input: $input) { uploadId url expiresAt errors { code path message } }
}"""
IMPORT = """mutation ($input: ContactImportInput!) {
  contactImport(input: $input) {
    contactImport { id state rows } idempotentReplay errors { code path message }
  }
}"""
SUPPRESS = """mutation ($input: SuppressionImportInput!) {
  suppressionImport(input: $input) {
    contactImport { id state rows } idempotentReplay errors { code path message }
  }
}"""
STATE = """query ($id: ID!) {
  contactImport(id: $id) {
    state dryRun rows rowsDone created updated skipped refused problemCount
    problems { nodes { row column code message } }
  }
}"""


async def address_for(caller: Caller, data: bytes, purpose: str = "CONTACTS") -> dict[str, Any]:
    """An address for a file of this size."""
    given = {"purpose": purpose, "name": "Customers.csv", "size": len(data)}
    made: dict[str, Any] = (await caller.run(UPLOAD, input=given))["uploadCreate"]
    assert made["errors"] == []
    return made


async def put(url: str, data: bytes) -> httpx2.Response:
    """What an address answers to a file."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        return await http.put(url, content=data)


async def upload(caller: Caller, data: bytes | str, purpose: str = "CONTACTS") -> str:
    """The id of a file that was put."""
    raw = data.encode() if isinstance(data, str) else data
    address = await address_for(caller, raw, purpose)
    assert (await put(address["url"], raw)).status_code == 204
    return str(address["uploadId"])


async def start(caller: Caller, data: bytes | str, **options: Any) -> dict[str, Any]:
    """The answer to an import of this file."""
    given = {"uploadId": await upload(caller, data), "dryRun": False} | options
    answer: dict[str, Any] = (await caller.run(IMPORT, input=given))["contactImport"]
    return answer


async def bring_in(product: Product, caller: Caller, data: bytes | str, **options: Any) -> dict[str, Any]:
    """What became of a file that was brought in."""
    started = await start(caller, data, **options)
    assert started["errors"] == []
    await work_off(product)
    return await state_of(caller, started["contactImport"]["id"])


async def work_off(product: Product) -> int:
    """Bring in what waits."""
    return await ContactImporting(product.database, product.settings.file_store(), product.clock).work_due()


async def state_of(caller: Caller, key: str) -> dict[str, Any]:
    """How far an import is."""
    found: dict[str, Any] = (await caller.run(STATE, id=key))["contactImport"]
    return found
