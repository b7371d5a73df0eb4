"""The chain that seals a tenant's log: what it is made of, and what is signed. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

SIGNS = "audit log"  # the purpose of the signer
BEGINNING = bytes(32)  # stands for the hash before the first seal's


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is stored: `content` by the columns' names."""

    content: Mapping[str, Any]
    salt: bytes | None
    content_digest: bytes
    digest: bytes
    seal_number: int | None
    erased_at: datetime | None
    erasure_signature: bytes | None

    @property
    def id(self) -> UUID:
        """The entry's id."""
        found: UUID = self.content["id"]
        return found


@dataclass(frozen=True, slots=True)
class Seal:
    """A link of the chain: its hash is over the link before it and the digests of its entries."""

    tenant_id: UUID
    number: int
    entries: int
    previous_hash: bytes
    hash: bytes
    signature: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What retention leaves: the last link that was deleted, from which the chain goes on."""

    tenant_id: UUID
    number: int
    hash: bytes
    entries: int
    until: datetime
    created_at: datetime
    signature: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """The last line of an export: how far the log went, so that a file that is cut off is known."""

    tenant_id: UUID
    number: int
    hash: bytes
    entries: int
    at: datetime
    signature: bytes


Record = Entry | Seal | Checkpoint | Ending


def hash_of(
    tenant_id: UUID, number: int, previous_hash: bytes, digests: Iterable[bytes], *, sealed_at: datetime
) -> bytes:
    """The hash of a seal (SHA-256) over its digests in the order of the entries' ids."""
    each = list(digests)
    return sha256(_statement("seal", tenant_id, number, len(each), sealed_at, previous_hash) + b"".join(each)).digest()


def signed_by(record: Seal | Checkpoint | Ending) -> bytes:
    """What the signature of a seal, of a checkpoint or of an export's ending is of."""
    if isinstance(record, Seal):
        return _statement("sealed", record.tenant_id, record.number, record.hash, record.sealed_at)
    if isinstance(record, Checkpoint):
        told = (record.entries, record.until, record.created_at)
        return _statement("checkpoint", record.tenant_id, record.number, record.hash, *told)
    return _statement("ending", record.tenant_id, record.number, record.hash, record.entries, record.at)


def erasure_statement(tenant_id: UUID, entry_id: UUID, digest: bytes, erased_at: datetime) -> bytes:
    """What the signature of an erasure is of."""
    return _statement("erased", tenant_id, entry_id, digest, erased_at)


def _statement(kind: str, *parts: object) -> bytes:
    return orjson.dumps([f"portal audit: {kind}", *(_plain(part) for part in parts)])


def _plain(part: object) -> object:
    if isinstance(part, bytes):
        return part.hex()
    if isinstance(part, datetime):
        return part.astimezone(UTC).isoformat(timespec="microseconds")
    return str(part) if isinstance(part, UUID) else part
