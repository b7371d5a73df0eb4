"""A tenant's whole log as a trail of records: how it is read, how it is exported, and how an export is read again.

Each seal comes behind its entries, in the order of numbers; what is not sealed yet comes last.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from portal.audit.chain import BEGINNING, Checkpoint, Ending, Entry, Record, Seal, signed_by
from portal.audit.entries import ERASABLE, KEPT
from portal.clock import Clock
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.encryption import Signer

Begin = Callable[[], AbstractAsyncContextManager[TenantTransaction]]

_PAGE = 1_000
_CONTENT = (*KEPT, *ERASABLE)
_PROOF = ("salt", "content_digest", "digest", "seal_number", "erased_at", "erasure_signature")
_ENTRY = ", ".join(f"audit_entry.{name}" for name in (*_CONTENT, *_PROOF))
_NEWEST = "SELECT coalesce(max(number), 0) FROM audit_seal WHERE tenant_id = $1"
_SEAL = """
SELECT tenant_id, number, entries, previous_hash, hash, signature, sealed_at FROM audit_seal
WHERE tenant_id = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT 1
"""
_CHECKPOINT = """
SELECT tenant_id, number, hash, entries, until, created_at, signature FROM audit_checkpoint
WHERE tenant_id = $1 AND number > $2 ORDER BY number DESC LIMIT 1
"""
_SEALED = f"""
SELECT {_ENTRY} FROM audit_entry WHERE tenant_id = $1 AND seal_number > $2 AND seal_number <= $3
ORDER BY seal_number, id
"""  # noqa: S608  constants
# A page later some of them may be sealed: those count as they were. An entry whose seal is nowhere is left as it is.
_UNSEALED = f"""
SELECT {_ENTRY}, audit_seal.number IS NOT NULL AS sealed_since FROM audit_entry
LEFT JOIN audit_seal ON audit_seal.tenant_id = audit_entry.tenant_id AND audit_seal.number = audit_entry.seal_number
WHERE audit_entry.tenant_id = $1 AND (seal_number IS NULL OR seal_number > $2) AND audit_entry.id > $3
ORDER BY audit_entry.id LIMIT $4
"""  # noqa: S608  the same


async def read_trail(begin: Begin) -> AsyncIterator[Record]:
    """All records of the tenant whose transactions `begin` opens: one for each page, so that none is held for long."""
    number = 0
    async with begin() as tx:
        newest: int = await tx.value(_NEWEST, tx.tenant_id)
        checkpoints = [Checkpoint(**row) for row in await tx.rows(_CHECKPOINT, tx.tenant_id, 0)]
    for checkpoint in checkpoints:
        yield checkpoint
        number = checkpoint.number
    while number < newest:
        async with begin() as tx:
            page = await _read_link(tx, number, newest)
        for record in page:
            yield record
        number = page[-1].number if page and isinstance(page[-1], Seal) else newest
    last = UUID(int=0)
    while True:
        async with begin() as tx:
            rows = await tx.rows(_UNSEALED, tx.tenant_id, newest, last, _PAGE)
        for row in rows:
            entry = _entry(row)
            yield replace(entry, seal_number=None) if row["sealed_since"] else entry
        if len(rows) < _PAGE:
            return
        last = rows[-1]["id"]


async def _read_link(tx: TenantTransaction, number: int, newest: int) -> list[Record]:
    row = await tx.row(_SEAL, tx.tenant_id, number, newest)
    if row is None:
        return []
    seal, records = Seal(**row), list[Record]()
    if seal.number != number + 1:  # retention may have gone on meanwhile: then its checkpoint says so
        records += [Checkpoint(**found) for found in await tx.rows(_CHECKPOINT, tx.tenant_id, number)]
    records += [_entry(found) for found in await tx.rows(_SEALED, tx.tenant_id, number, seal.number)]
    return [*records, seal]


async def export_lines(begin: Begin, signer: Signer, clock: Clock, tenant_id: UUID) -> AsyncIterator[bytes]:
    """The trail as JSON Lines, each with its line end; the last one says how far it went, signed."""
    entries, number, found = 0, 0, BEGINNING
    async for record in read_trail(begin):
        if isinstance(record, Entry):
            entries += 1
        elif isinstance(record, Seal | Checkpoint):
            number, found = record.number, record.hash
        yield line_of(record)
    ending = Ending(tenant_id, number, found, entries, clock.now(), b"")
    yield line_of(replace(ending, signature=signer.sign(signed_by(ending))))


_KINDS: dict[str, type[Seal | Checkpoint | Ending]] = {"seal": Seal, "checkpoint": Checkpoint, "ending": Ending}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_BYTES = {"salt", "content_digest", "digest", "erasure_signature", "hash", "previous_hash", "signature"}
_INSTANTS = {"at", "erased_at", "sealed_at", "until", "created_at"}
_IDS = {"tenant_id", "id", "actor_id", "support_session_id"}
_NUMBERS = {"number", "entries", "seal_number"}
_MAY_BE_NULL = {*ERASABLE, "through", "target", "support_session_id", "salt", "seal_number", "erased_at"}
_MAY_BE_NULL.add("erasure_signature")


class NoRecordError(ValueError):
    """A line of a file is no record of an export."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is no record of an export")


def line_of(record: Record) -> bytes:
    """A record as one line of JSON; bytes are in hexadecimal."""
    if isinstance(record, Entry):
        told = {"record": "entry", **record.content} | {name: getattr(record, name) for name in _PROOF}
    else:
        told = {"record": _NAMES[type(record)]} | {one.name: getattr(record, one.name) for one in fields(record)}
    return orjson.dumps({name: _written(value) for name, value in told.items()}, option=orjson.OPT_APPEND_NEWLINE)


def read_lines(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records of an export.

    Raises:
        NoRecordError: a line is none.
    """
    for place, line in enumerate(lines, 1):
        try:
            told = {name: _read(name, value) for name, value in orjson.loads(line).items()}
            kind = told.pop("record")
            if kind == "entry":
                content = {name: told.pop(name) for name in _CONTENT}
                yield Entry(content=content, **told)
            else:
                yield _KINDS[kind](**told)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise NoRecordError(place) from error


def _entry(row: Row) -> Entry:
    content = {name: row[name] for name in _CONTENT}
    content["changes"] = orjson.loads(content["changes"]) if content["changes"] is not None else None
    return Entry(content=content, **{name: row[name] for name in _PROOF})


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value  # the driver's are of a class of its own


def _read(name: str, value: Any) -> Any:
    if value is None and name in _MAY_BE_NULL:
        return None
    if name in _NUMBERS and type(value) is not int:
        raise TypeError(f"{name} is no number")
    if name in _BYTES:
        return bytes.fromhex(value)
    if name in _INSTANTS:
        return datetime.fromisoformat(value)
    return UUID(value) if name in _IDS else value
