"""The audit log in the schema."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.actor import ActorKind
from portal.audit.reading import EntryFilter, EntryRow, read_entries, read_entries_by_id
from portal.database.keyset import Page
from portal_schema.actors import Actor
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.ranges import DateTimeRange
from portal_schema.scalars import Json
from portal_schema.support_sessions import SupportSession, load_session

READ = requires(Permission.AUDIT_READ)
ERASED = "(erased)"


@strawberry.type(
    description="Something that was done in the tenant, or that the ISV's support read. It is never changed; what it "
    "holds of a person can be erased.",
    directives=READ,
)
class AuditEntry(Node):
    """An entry; rows of `portal.audit` become it by `of`."""

    at: datetime = strawberry.field(description="When it was done.")
    actor: Actor = strawberry.field(description=f"Who did it; the name is {ERASED} once the person was erased.")
    action: str = strawberry.field(description="What was done: a mutation's name, `supportRead` or `applicationAllow`.")
    target: strawberry.ID | None = strawberry.field(description="The id of what it was done to; it may be gone.")
    changes: Json | None = strawberry.field(
        description="Which fields were set, with masked values; of support, what was read. Null once it was erased."
    )
    request_id: str = strawberry.field(description="The request it was done with, as its answer named it.")
    address: str | None = strawberry.field(description="The network address it came from, where one is known.")
    digest: str = strawberry.field(
        description="What the seals are made of: SHA-256 over the entry, in hexadecimal. An export shows how."
    )
    sealed: bool = strawberry.field(
        description="Whether it is part of the chain by now, so that no later change goes unseen; it takes seconds."
    )
    erased_at: datetime | None = strawberry.field(description="When the person's traces in it were erased.")
    session_key: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: EntryRow) -> "AuditEntry":
        """The entry in this row."""
        return cls(
            id=to_global("AuditEntry", row.id),
            at=row.at,
            actor=Actor(kind=row.actor_kind, name=row.actor_name or ERASED, through=row.through),
            action=row.action,
            target=strawberry.ID(row.target) if row.target is not None else None,
            changes=Json(row.changes) if row.changes is not None else None,
            request_id=row.request_id,
            address=row.address,
            digest=row.digest.hex(),
            sealed=row.seal_number is not None,
            erased_at=row.erased_at,
            session_key=row.support_session_id,
        )

    @strawberry.field(description="The support session that it belongs to, where the ISV's support did it.")
    async def support_session(self, info: Info) -> SupportSession | None:
        return await load_session(info, self.session_key) if self.session_key is not None else None


@strawberry.type(description="An entry in a list.", directives=READ)
class AuditEntryEdge:
    """An entry and its place."""

    cursor: str = strawberry.field(description="The entry's place in the list.")
    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the audit log.", directives=READ)
class AuditEntryConnection:
    """A Relay connection."""

    edges: list[AuditEntryEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[EntryRow]) -> "AuditEntryConnection":
        """The connection of a page that was read."""
        nodes = [AuditEntry.of(row) for row in page.items]
        edges = [AuditEntryEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which entries; all conditions have to hold.")
class AuditFilter:
    """Conditions; what is left out asks for all."""

    actor_kind: ActorKind | None = strawberry.field(default=None, description="Those by this kind of principal.")
    action: str | None = strawberry.field(default=None, description="Those of this action, such as `contactDelete`.")
    target: strawberry.ID | None = strawberry.field(default=None, description="Those about the object of this id.")
    written_in: DateTimeRange | None = strawberry.field(default=None, description="Those of this range.")

    def narrowed(self) -> EntryFilter:
        """The filter as the business takes it."""
        span = self.written_in
        return EntryFilter(
            actor_kind=self.actor_kind,
            action=self.action,
            target=self.target,
            written_from=span.from_ if span else None,
            written_until=span.until if span else None,
        )


async def find_entry(info: Info, given: str) -> AuditEntry | None:
    """The entry of this global id, or None."""
    key = from_global("AuditEntry", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_entries_by_id(tx, [key])).get(key)
    return None if row is None else AuditEntry.of(row)


@strawberry.type
class AuditQueries:
    """The root field that reads the audit log."""

    @strawberry.field(
        description="What was done in the tenant, and what the ISV's support read, the newest first.", directives=READ
    )
    async def audit_log(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            AuditFilter | None, strawberry.argument(description="Which entries; all unless given.")
        ] = None,
    ) -> AuditEntryConnection | None:
        only = filter.narrowed() if filter is not None else EntryFilter()
        page = await paged(lambda request: read_entries(info.context.tx, request, only), first, after, last, before)
        return AuditEntryConnection.of(page)
