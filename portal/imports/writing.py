"""Writing a batch of rows: a few statements, however many rows; a dry run does all but the writing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from uuid import UUID

import orjson

from portal.actor import Actor
from portal.clock import new_id
from portal.contacts.consent import ConsentStatus, read_own_withdrawals, record_consent
from portal.contacts.contacts import MOST_FIELDS, WITHDREW_THEMSELVES, ContactRow, read_contacts_by_number
from portal.contacts.suppressions import SuppressionSource, read_suppressions_of, suppress_all
from portal.contacts.tags import MOST_TAGS, MOST_TAGS_OF_A_CONTACT, TagRow, set_tags
from portal.database import TenantTransaction
from portal.imports.imports import OnDuplicate, Progress
from portal.imports.rows import ContactLine, ImportProblemCode, RowProblem
from portal.messages.canceling import cancel_to


@dataclass(slots=True)
class Batch:
    """Rows that can be read, to be brought in; what is wrong with them beside what is there comes to `problems`."""

    lines: Sequence[ContactLine]
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ContactWriter:
    """Writes contacts; `tags` are the names that the tenant has, in lower case, and those that the import adds."""

    on_duplicate: OnDuplicate
    actor: Actor
    tags: set[str]
    dry_run: bool

    async def write(self, tx: TenantTransaction, batch: Batch, *, now: datetime) -> Progress:
        """Bring a batch in; what became of its rows."""
        known = await read_contacts_by_number(tx, [line.number for line in batch.lines])
        skips = self.on_duplicate is OnDuplicate.SKIP
        wanted = [line for line in batch.lines if not (skips and line.number in known)]
        agreeing = [line.number for line in wanted if line.consent and not _withdraws(line)]
        gone = await read_own_withdrawals(tx, agreeing) if agreeing else set[str]()
        accepted = [
            line
            for line in wanted
            if _may_agree(line, gone, batch.problems) and self._fits(line, known.get(line.number), batch.problems)
        ]
        new = [line for line in accepted if line.number not in known]
        changed = [line for line in accepted if line.number in known]
        if accepted and not self.dry_run:
            ids = {line.number: known[line.number].id for line in changed} | await _insert(tx, new, now=now)
            await _update(tx, [(ids[line.number], line) for line in changed], now=now)
            await self._write_beside(tx, [line for line in accepted if line.number in ids], ids, known, now=now)
        refused = len(wanted) - len(accepted)
        return Progress(len(new), len(changed), len(batch.lines) - len(wanted), refused)

    def _fits(self, line: ContactLine, known: ContactRow | None, problems: list[RowProblem]) -> bool:
        """Whether the contact may have all this, and the tenant the tags."""
        tags, fields = {tag.lower() for tag in line.tags}, set(line.fields)
        if known is not None:
            tags |= {tag.name.lower() for tag in known.tags}
            fields |= set(known.fields)
        if len(fields) > MOST_FIELDS:
            message = f"With these the contact would have more than {MOST_FIELDS} fields."
            problems.append(RowProblem(line.row, None, ImportProblemCode.TOO_MANY_FIELDS, message))
            return False
        if len(tags) > MOST_TAGS_OF_A_CONTACT or len(self.tags | tags) > MOST_TAGS:
            message = f"A contact has at most {MOST_TAGS_OF_A_CONTACT} tags, and a tenant {MOST_TAGS}."
            problems.append(RowProblem(line.row, None, ImportProblemCode.TOO_MANY_TAGS, message))
            return False
        self.tags.update(tags)
        return True

    async def _write_beside(
        self,
        tx: TenantTransaction,
        lines: Sequence[ContactLine],
        ids: dict[str, UUID],
        known: dict[str, ContactRow],
        *,
        now: datetime,
    ) -> None:
        """What is no column of a contact: tags are added to those it has, and consent is kept as evidence."""
        tagged = {
            ids[line.number]: [*(tag.name for tag in _tags_of(known.get(line.number))), *line.tags]
            for line in lines
            if line.tags
        }
        if tagged:
            await set_tags(tx, tagged, now=now)
        agreed = [(line.consent, line.number) for line in lines if line.consent is not None]
        agreed.sort(key=lambda one: (one[0].status, one[0].source, one[1]))
        for statement, found in groupby(agreed, key=lambda one: one[0]):
            await record_consent(tx, [number for _, number in found], statement, self.actor, now=now)
        if withdrawn := [line.number for line in lines if _withdraws(line)]:
            await cancel_to(tx, withdrawn, now=now)


@dataclass(frozen=True, slots=True)
class SuppressionWriter:
    """Puts numbers on the list of those that want no messages, and cancels what is on its way to them."""

    dry_run: bool

    async def write(self, tx: TenantTransaction, batch: Batch, *, now: datetime) -> Progress:
        """Bring a batch in; what became of its rows."""
        numbers = [line.number for line in batch.lines]
        known = await read_suppressions_of(tx, numbers)
        new = [number for number in numbers if number not in known]
        if new and not self.dry_run:
            await suppress_all(tx, new, SuppressionSource.IMPORT, now=now)
            await cancel_to(tx, new, now=now)
        return Progress(created=len(new), skipped=len(known))


def _withdraws(line: ContactLine) -> bool:
    return line.consent is not None and line.consent.status is ConsentStatus.WITHDRAWN


def _may_agree(line: ContactLine, gone: set[str], problems: list[RowProblem]) -> bool:
    """Whether no file has it that somebody agrees who withdrew themselves."""
    if line.consent is None or _withdraws(line) or line.number not in gone:
        return True
    problems.append(RowProblem(line.row, None, ImportProblemCode.CONSENT_WITHDRAWN, WITHDREW_THEMSELVES))
    return False


def _tags_of(known: ContactRow | None) -> Sequence[TagRow]:
    return () if known is None else known.tags


async def _insert(tx: TenantTransaction, lines: Sequence[ContactLine], *, now: datetime) -> dict[str, UUID]:
    """Add contacts; the ids by their numbers. Somebody else may add the same number meanwhile: theirs stays."""
    rows = await tx.rows(
        "INSERT INTO contact (tenant_id, id, number, country, name, fields, created_at, updated_at) "
        "SELECT $1, c.id, c.number, c.country, c.name, c.fields, $7, $7 "
        "FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) "
        "AS c (id, number, country, name, fields) "
        "ON CONFLICT (tenant_id, number) DO NOTHING RETURNING number, id",
        tx.tenant_id,
        sorted(new_id(now) for _ in lines),  # they are listed in the order of the rows
        [line.number for line in lines],
        [line.country for line in lines],
        [line.name for line in lines],
        [orjson.dumps(line.fields).decode() for line in lines],
        now,
    )
    return {row["number"]: row["id"] for row in rows}


async def _update(tx: TenantTransaction, changed: Sequence[tuple[UUID, ContactLine]], *, now: datetime) -> None:
    """Change contacts: what a file says nothing of stays as it is."""
    await tx.execute(
        "UPDATE contact SET name = coalesce(c.name, contact.name), fields = contact.fields || c.fields, "
        "updated_at = $5 FROM unnest($2::uuid[], $3::text[], $4::jsonb[]) AS c (id, name, fields) "
        "WHERE contact.tenant_id = $1 AND contact.id = c.id",
        tx.tenant_id,
        [contact_id for contact_id, _ in changed],
        [line.name for _, line in changed],
        [orjson.dumps(line.fields).decode() for _, line in changed],
        now,
    )
