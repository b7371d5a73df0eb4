"""Uploads: an address for one file, what is put there, and who uses it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.clock import Clock, new_id
from portal.database import Database, TenantTransaction
from portal.encryption import Signer
from portal.files.addresses import from_token, to_token
from portal.files.store import FileStore
from portal.problems import refuse

LARGEST = 50 * 1024 * 1024
"""Bytes of a file."""
LONGEST_NAME = 200
PUT_WITHIN = timedelta(minutes=15)
KEPT_FOR = timedelta(hours=24)
MOST_FILES, MOST_BYTES = 1_000, 1024**3  # of a tenant at a time, those that may still come included


class UploadPurpose(StrEnum):
    """What a file is for: it serves for nothing else."""

    CONTACTS = "CONTACTS"
    SUPPRESSIONS = "SUPPRESSIONS"


class UploadProblem(StrEnum):
    """Why there is no address for a file."""

    INVALID = "INVALID"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY_UPLOADS = "TOO_MANY_UPLOADS"


class PutProblem(StrEnum):
    """Why a file is not taken."""

    NOT_FOUND = "NOT_FOUND"
    EXPIRED = "EXPIRED"
    USED = "USED"
    TOO_LARGE = "TOO_LARGE"
    TOO_SMALL = "TOO_SMALL"


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file that is going to be put; `size` is in bytes."""

    purpose: UploadPurpose
    name: str
    size: int


class Address(NamedTuple):
    """Where a file may be put, and until when it has to be begun."""

    upload_id: UUID
    url: str
    until: datetime


class StoredFile(NamedTuple):
    """A file that lies in the store."""

    id: UUID
    path: str
    name: str
    size: int


class Uploads:
    """The uploads of all tenants; `url` is the portal's own address."""

    def __init__(self, store: FileStore, signer: Signer, url: str) -> None:
        self.store = store
        self._signer = signer
        self._url = url

    async def create(self, tx: TenantTransaction, new: NewUpload, *, now: datetime) -> Address:
        """An address to put this one file to, once.

        Raises:
            RefusedError: its name or size is not acceptable, or too much lies in the store already.
        """
        if not 1 <= len(new.name.strip()) <= LONGEST_NAME or "\0" in new.name:
            raise refuse(UploadProblem.INVALID, f"A file has a name of 1 to {LONGEST_NAME} characters.", "name")
        if new.size < 1:
            raise refuse(UploadProblem.INVALID, "Say how many bytes the file has: at least 1.", "size")
        if new.size > LARGEST:
            largest = f"A file has at most {LARGEST // 1024**2} MB: split it, and import the parts one after another."
            raise refuse(UploadProblem.TOO_LARGE, largest, "size")
        await _check_room(tx, new.size, now=now)
        upload_id, until = new_id(now), now + PUT_WITHIN
        await tx.execute(
            "INSERT INTO upload (tenant_id, id, purpose, name, size, created_at, put_until, delete_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            *(tx.tenant_id, upload_id, new.purpose.value, new.name.strip(), new.size, now, until, now + KEPT_FOR),
        )
        return Address(upload_id, f"{self._url}/uploads/{to_token(self._signer, tx.tenant_id, upload_id)}", until)

    async def put(self, database: Database, token: str, chunks: AsyncIterator[bytes], clock: Clock) -> None:
        """Store what arrives at an address. Whatever becomes of it, the address is used.

        Raises:
            RefusedError: the address is none of ours, late or used, or the file is not as large as was said.
        """
        named = from_token(self._signer, token)
        if named is None:
            raise refuse(PutProblem.NOT_FOUND, "There is no such address: ask for one with uploadCreate.")
        tenant_id, upload_id = named
        async with database.for_tenant(tenant_id) as tx:
            size = await _begin(tx, upload_id, now=clock.now())
        await self.store.write(path_of(tenant_id, upload_id), _measured(chunks, size))
        async with database.for_tenant(tenant_id) as tx:
            await tx.execute(
                "UPDATE upload SET stored_at = $3 WHERE tenant_id = $1 AND id = $2", tenant_id, upload_id, clock.now()
            )


async def _check_room(tx: TenantTransaction, size: int, *, now: datetime) -> None:
    # One at a time for a tenant: many that ask at once would all find room.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/uploads")
    row = await tx.row(
        "SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM upload WHERE tenant_id = $1 "
        "AND delete_at > $2 AND (put_at IS NOT NULL OR put_until > $2)",
        *(tx.tenant_id, now),
    )
    if row is not None and (row["files"] >= MOST_FILES or row["bytes"] + size > MOST_BYTES):
        message = (
            f"At most {MOST_FILES:,} files, of {MOST_BYTES // 1024**3} GB together, are kept at a time: import what is "
            "there, or wait until it is deleted."
        )
        raise refuse(UploadProblem.TOO_MANY_UPLOADS, message)


async def find_stored(
    tx: TenantTransaction, upload_id: UUID, purpose: UploadPurpose, *, now: datetime
) -> StoredFile | None:
    """The tenant's file that was put for this purpose and is kept still; whoever uses it locks it."""
    row = await tx.row(
        "SELECT name, size FROM upload WHERE tenant_id = $1 AND id = $2 AND purpose = $3 AND stored_at IS NOT NULL "
        "AND delete_at > $4 FOR UPDATE",
        *(tx.tenant_id, upload_id, purpose.value, now),
    )
    return None if row is None else StoredFile(upload_id, path_of(tx.tenant_id, upload_id), row["name"], row["size"])


async def keep_until(tx: TenantTransaction, upload_id: UUID, until: datetime) -> None:
    """Let a file be deleted at that time, be it sooner or later than it would have been."""
    sql = "UPDATE upload SET delete_at = $3 WHERE tenant_id = $1 AND id = $2"
    await tx.execute(sql, tx.tenant_id, upload_id, until)


async def _begin(tx: TenantTransaction, upload_id: UUID, *, now: datetime) -> int:
    """Use an address up; how large its file has to be."""
    row = await tx.row(
        "SELECT size, put_until, put_at FROM upload WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
        *(tx.tenant_id, upload_id),
    )
    if row is None or (row["put_at"] is None and row["put_until"] <= now):
        raise refuse(PutProblem.EXPIRED, "This address is too old: ask for a new one with uploadCreate.")
    if row["put_at"] is not None:
        raise refuse(PutProblem.USED, "This address was used: ask for a new one with uploadCreate.")
    await tx.execute("UPDATE upload SET put_at = $3 WHERE tenant_id = $1 AND id = $2", tx.tenant_id, upload_id, now)
    return int(row["size"])


async def _measured(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """What arrives, while it is no more than was said; at its end it has to be as much."""
    got = 0
    async for chunk in chunks:
        got += len(chunk)
        if got > size:
            too_large = f"More than the {size} bytes that were said arrived: ask for a new address, with the true size."
            raise refuse(PutProblem.TOO_LARGE, too_large)
        if chunk:
            yield chunk
    if got < size:
        too_small = f"Only {got} of {size} bytes arrived: ask for a new address, and put the whole file there."
        raise refuse(PutProblem.TOO_SMALL, too_small)


def path_of(tenant_id: UUID, upload_id: UUID) -> str:
    """Where a tenant's file lies in the store."""
    return f"{tenant_id}/{upload_id}"
