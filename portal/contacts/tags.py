"""Tags: a tenant's own words for groups of contacts, made on their first use."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.uniqueness import taken_means
from portal.problems import Problem, refuse

MOST_TAGS_OF_A_CONTACT = 20
MOST_TAGS = 500
LONGEST_TAG = 50


class TagProblem(StrEnum):
    """Why a tag is not renamed or deleted."""

    NOT_FOUND = "NOT_FOUND"
    NAME_TAKEN = "NAME_TAKEN"
    INVALID = "INVALID"


class TagRow(NamedTuple):
    """A tag."""

    id: UUID
    name: str


_TAKEN = Problem(TagProblem.NAME_TAKEN, "Another tag has this name.", ("name",))


async def read_tags(tx: TenantTransaction) -> list[TagRow]:
    """All of the tenant's tags, by name; there are at most `MOST_TAGS`."""
    rows = await tx.rows("SELECT id, name FROM contact_tag WHERE tenant_id = $1 ORDER BY lower(name)", tx.tenant_id)
    return [TagRow(row["id"], row["name"]) for row in rows]


async def read_tags_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, TagRow]:
    """Those of these tags that the tenant has, in one statement."""
    sql = "SELECT id, name FROM contact_tag WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
    return {row["id"]: TagRow(row["id"], row["name"]) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def count_contacts_of(tx: TenantTransaction, tag_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many contacts have each of these tags, in one statement; a tag that none has is left out."""
    sql = (
        "SELECT tag_id, count(*)::int AS contacts FROM contact_tagging "
        "WHERE tenant_id = $1 AND tag_id = ANY($2::uuid[]) GROUP BY tag_id"
    )
    return {row["tag_id"]: row["contacts"] for row in await tx.rows(sql, tx.tenant_id, list(tag_ids))}


async def set_tags(tx: TenantTransaction, tags: Mapping[UUID, Sequence[str]], *, now: datetime) -> int:
    """Let contacts have just these tags; a tag that is new is made.

    Args:
        tx: the tenant's transaction.
        tags: the names by the contact; upper and lower case are alike.
        now: the present instant.

    Returns:
        How many tags the tenant has now; more than `MOST_TAGS` are for the caller to refuse.
    """
    names = {name.lower(): name for given in tags.values() for name in given}
    await tx.execute(
        "INSERT INTO contact_tag (tenant_id, id, name) SELECT $1, t.id, t.name "
        "FROM unnest($2::uuid[], $3::text[]) AS t (id, name) ON CONFLICT (tenant_id, lower(name)) DO NOTHING",
        tx.tenant_id,
        [new_id(now) for _ in names],
        list(names.values()),
    )
    pairs = [(contact, name) for contact, given in tags.items() for name in given]
    return int(
        await tx.value(
            "WITH wanted AS (SELECT w.contact_id, tag.id AS tag_id FROM unnest($3::uuid[], $4::text[]) "
            "AS w (contact_id, name) JOIN contact_tag AS tag "
            "ON tag.tenant_id = $1 AND lower(tag.name) = lower(w.name)), "  # PostgreSQL's, as the index has it
            "gone AS (DELETE FROM contact_tagging AS t WHERE t.tenant_id = $1 AND t.contact_id = ANY($2::uuid[]) "
            "AND NOT EXISTS (SELECT FROM wanted WHERE wanted.contact_id = t.contact_id AND wanted.tag_id = t.tag_id)), "
            "added AS (INSERT INTO contact_tagging (tenant_id, contact_id, tag_id) "
            "SELECT $1, contact_id, tag_id FROM wanted ON CONFLICT DO NOTHING) "
            "SELECT count(*) FROM contact_tag WHERE tenant_id = $1",
            tx.tenant_id,
            list(tags),
            [contact for contact, _ in pairs],
            [name for _, name in pairs],
        )
    )


async def rename_tag(tx: TenantTransaction, tag_id: UUID, name: str) -> TagRow:
    """Give a tag another name; whoever has it keeps it.

    Raises:
        RefusedError: there is no such tag, the name is none, or another tag has it.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_TAG:
        raise refuse(TagProblem.INVALID, f"A tag has 1 to {LONGEST_TAG} characters.", "name")
    sql = "UPDATE contact_tag SET name = $3 WHERE tenant_id = $1 AND id = $2"
    with taken_means(_TAKEN):
        found = await tx.execute(sql, tx.tenant_id, tag_id, name)
    if not found:
        raise refuse(TagProblem.NOT_FOUND, "There is no such tag.", "id")
    return TagRow(tag_id, name)


async def delete_tag(tx: TenantTransaction, tag_id: UUID) -> None:
    """Take a tag away from all contacts, which stay.

    Raises:
        RefusedError: there is no such tag.
    """
    if not await tx.execute("DELETE FROM contact_tag WHERE tenant_id = $1 AND id = $2", tx.tenant_id, tag_id):
        raise refuse(TagProblem.NOT_FOUND, "There is no such tag.", "id")
