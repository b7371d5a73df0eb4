"""Who works on an import: one worker at a time, until its lease ends; how it gets on, waits, and ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from portal.actor import Actor, ActorKind
from portal.clock import new_id
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.files.uploads import UploadPurpose, keep_until
from portal.imports.imports import MOST_PROBLEMS, JobState, Progress
from portal.imports.rows import RowProblem
from portal.imports.starting import ImportOptions
from portal.live.changes import Change, ChangeKind

LEASE = timedelta(minutes=1)  # longer than a batch takes: who dies meanwhile leaves the import to another
MOST_ATTEMPTS = 5  # in a row without a batch
_PAUSE = timedelta(seconds=30)
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Claim:
    """An import that this worker alone goes on with, until its lease ends."""

    tenant_id: UUID
    id: UUID
    purpose: UploadPurpose
    upload_id: UUID
    file_name: str
    file_size: int
    options: ImportOptions
    actor: Actor
    dry_run: bool
    rows: int
    rows_done: int
    problems: int  # of the rows done
    attempts: int
    lease: datetime


async def due_tenants(database: Database, *, now: datetime) -> list[UUID]:
    """Tenants with an import that is due and none that is under way, whoever has waited longest first."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        return [row["tenant_id"] for row in await tx.rows(_DUE, now, _LOOKED_AT)]


async def claim(tx: TenantTransaction, *, now: datetime) -> Claim | None:
    """Claim the tenant's import that is due, or None where another worker has it; one at a time of a tenant.

    One that was claimed again and again without getting on is given up: whoever goes on with it dies.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/contact_import")
    if await tx.value(_UNDER_WAY, tx.tenant_id, now):
        return None
    row = await tx.row(_NEXT, tx.tenant_id, now)
    if row is None:
        return None
    claimed = Claim(
        tx.tenant_id,
        row["id"],
        UploadPurpose(row["purpose"]),
        row["upload_id"],
        row["file_name"],
        row["file_size"],
        ImportOptions.of(orjson.loads(row["options"])),
        Actor(ActorKind(row["actor_kind"]), row["actor_id"], row["actor_name"]),
        row["dry_run"],
        row["rows"],
        row["rows_done"],
        row["problems"],
        row["attempts"] + 1,
        now + LEASE,
    )
    if row["attempts"] >= MOST_ATTEMPTS:
        await _end(tx, claimed, JobState.FAILED, now)
        return None
    await tx.execute(
        "UPDATE contact_import SET state = 'RUNNING', due_at = $3, attempts = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, claimed.id, claimed.lease, claimed.attempts),
    )
    _announce(tx, claimed.id)
    return claimed


async def hold(tx: TenantTransaction, claimed: Claim) -> bool:
    """Whether the import is still this worker's; nobody cancels it or takes it over before the transaction ends."""
    held = await tx.value(f"SELECT true FROM contact_import WHERE {_HELD} FOR UPDATE", *_key(claimed))  # noqa: S608  a constant
    return bool(held)


async def get_on(
    tx: TenantTransaction, claimed: Claim, done: Progress, problems: Sequence[RowProblem], *, now: datetime
) -> Claim:
    """Note what became of a batch, in the transaction that writes it, and go on."""
    further = replace(
        claimed,
        rows_done=claimed.rows_done + done.rows,
        problems=claimed.problems + len(problems),
        attempts=0,
        lease=now + LEASE,
    )
    progress = (
        "rows_done = $4, problems = $5, due_at = $6, attempts = 0, created = created + $7, updated = updated + $8, "
        "skipped = skipped + $9, refused = refused + $10"
    )
    await tx.execute(
        f"UPDATE contact_import SET {progress} WHERE {_HELD}",  # noqa: S608  constants
        *_key(claimed),
        *(further.rows_done, further.problems, further.lease, done.created, done.updated, done.skipped, done.refused),
    )
    kept = problems[: max(0, MOST_PROBLEMS - claimed.problems)]
    await tx.execute(
        "INSERT INTO contact_import_problem (tenant_id, id, import_id, row_number, column_name, code, message) "
        "SELECT $1, p.* FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[]) AS p",
        tx.tenant_id,
        sorted(new_id(now) for _ in kept),  # in the order of the rows
        [claimed.id for _ in kept],
        *([problem[place] for problem in kept] for place in range(4)),
    )
    if further.rows_done >= claimed.rows:
        await _end(tx, claimed, JobState.DONE, now)
    _announce(tx, claimed.id)
    return further


async def put_off(tx: TenantTransaction, claimed: Claim, *, now: datetime) -> None:
    """Try again later, or give it up where it was tried often enough; nothing where another worker has it."""
    if not await hold(tx, claimed):
        return
    sql = f"UPDATE contact_import SET state = 'WAITING', due_at = $4 WHERE {_HELD}"  # noqa: S608  a constant
    await tx.execute(sql, *_key(claimed), now + _PAUSE)
    if claimed.attempts >= MOST_ATTEMPTS:
        await _end(tx, claimed, JobState.FAILED, now)
    _announce(tx, claimed.id)


async def _end(tx: TenantTransaction, claimed: Claim, state: JobState, now: datetime) -> None:
    await tx.execute(
        "UPDATE contact_import SET state = $3, due_at = NULL, finished_at = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, claimed.id, state.value, now),
    )
    if state is JobState.DONE and not claimed.dry_run:  # after a dry run the same file is imported
        await keep_until(tx, claimed.upload_id, now)
    _announce(tx, claimed.id)


def _announce(tx: TenantTransaction, import_id: UUID) -> None:
    tx.announce(Change(ChangeKind.CONTACT_IMPORT, import_id))


def _key(claimed: Claim) -> tuple[UUID, UUID, datetime]:
    return claimed.tenant_id, claimed.id, claimed.lease


_DUE = (
    "SELECT tenant_id, min(due_at) AS since FROM contact_import AS due WHERE due_at <= $1 AND NOT EXISTS "
    "(SELECT FROM contact_import AS other WHERE other.tenant_id = due.tenant_id AND other.state = 'RUNNING' "
    "AND other.due_at > $1) GROUP BY tenant_id ORDER BY since, tenant_id LIMIT $2"
)
_UNDER_WAY = "SELECT EXISTS (SELECT FROM contact_import WHERE tenant_id = $1 AND state = 'RUNNING' AND due_at > $2)"
_NEXT = "SELECT * FROM contact_import WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 1"
_HELD = "tenant_id = $1 AND id = $2 AND state = 'RUNNING' AND due_at = $3"
