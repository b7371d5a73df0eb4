"""Imports in the schema: how far each is, and what was wrong with its rows."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.files.uploads import UploadPurpose
from portal.imports.imports import ImportRow, JobState, read_import, read_imports, read_problems
from portal.imports.rows import ImportProblemCode, RowProblem
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, key_of, to_global

READ = requires(Permission.CONTACTS_READ)

describe(
    JobState,
    "How far work in the background is.",
    WAITING="It waits for its turn, or for another try.",
    RUNNING="It goes on.",
    DONE="It came to its end.",
    FAILED="It was given up; what was done is kept.",
    CANCELED="Somebody stopped it; what was done is kept.",
)
describe(
    ImportProblemCode,
    "Why a row is not imported.",
    INVALID_NUMBER="The number is no phone number.",
    INVALID="A value is too long, or not of the kind asked for.",
    NUMBER_TWICE="A row before it has the same number.",
    TOO_MANY_CELLS="It is longer than the header.",
    TOO_MANY_TAGS="The contact, or the tenant, would have more tags than there can be.",
    TOO_MANY_FIELDS="The contact would have more fields than there can be.",
    CONSENT_WITHDRAWN="The person withdrew their consent themselves: only they can give it again.",
)


@strawberry.type(description="What is wrong with a row of a file.", directives=READ)
class ContactImportProblem:
    """A problem; it tells nothing of what stands in the row."""

    row: int = strawberry.field(description="The row, as spreadsheets number them: 1 is the header.")
    column: str | None = strawberry.field(description="The header of its column; null means the whole row.")
    code: ImportProblemCode = strawberry.field(description="The problem for machines.")
    message: str = strawberry.field(description="For people: what is wrong and how to mend it. The text may change.")

    @classmethod
    def of(cls, found: RowProblem) -> "ContactImportProblem":
        """The problem in this row."""
        return cls(row=found.row, column=found.column, code=found.code, message=found.message)


@strawberry.type(description="A problem in a list.", directives=READ)
class ContactImportProblemEdge:
    """A problem and its place."""

    cursor: str = strawberry.field(description="The problem's place in the list.")
    node: ContactImportProblem = strawberry.field(description="The problem.")


@strawberry.type(description="A page of problems.", directives=READ)
class ContactImportProblemConnection:
    """A Relay connection."""

    edges: list[ContactImportProblemEdge] = strawberry.field(description="The problems with their cursors.")
    nodes: list[ContactImportProblem] = strawberry.field(description="The problems alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[RowProblem]) -> "ContactImportProblemConnection":
        """The connection of a page that was read."""
        nodes = [ContactImportProblem.of(found) for found in page.items]
        edges = [
            ContactImportProblemEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)
        ]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type(
    description="Bringing in a file of contacts, or of numbers that get no messages, a batch of rows at a time.",
    directives=READ,
)
class ContactImport(Node):
    """An import; rows of `portal.imports` become it by `of`."""

    purpose: UploadPurpose = strawberry.field(description="What the file holds.")
    file_name: str = strawberry.field(description="The file's name.")
    dry_run: bool = strawberry.field(description="Whether it only tells what would become of the rows.")
    state: JobState = strawberry.field(description="How far it is.")
    rows: int = strawberry.field(description="How many rows the file has, without its header.")
    rows_done: int = strawberry.field(description="How many of them are dealt with.")
    created: int = strawberry.field(description="How many rows became contacts, or put a number on the list.")
    updated: int = strawberry.field(description="How many rows changed a contact that was there.")
    skipped: int = strawberry.field(description="How many rows were left out, since what they ask for was there.")
    refused: int = strawberry.field(description="How many rows have problems, and are left out for that.")
    problem_count: int = strawberry.field(description="How many problems those rows have; the first 1,000 are kept.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended; null while it goes on.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: ImportRow) -> "ContactImport":
        """The import in this row."""
        done = row.progress
        return cls(
            id=to_global("ContactImport", row.id),
            purpose=row.purpose,
            file_name=row.file_name,
            dry_run=row.dry_run,
            state=row.state,
            rows=row.rows,
            rows_done=done.rows,
            created=done.created,
            updated=done.updated,
            skipped=done.skipped,
            refused=done.refused,
            problem_count=row.problems,
            requested_at=row.requested_at,
            finished_at=row.finished_at,
            key=row.id,
        )

    @strawberry.field(description="What is wrong with rows of the file, in their order.")
    async def problems(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ContactImportProblemConnection:
        async with info.context.reading() as tx:
            page = await paged(lambda request: read_problems(tx, self.key, request), first, after, last, before)
        return ContactImportProblemConnection.of(page)


@strawberry.type(description="An import in a list.", directives=READ)
class ContactImportEdge:
    """An import and its place."""

    cursor: str = strawberry.field(description="The import's place in the list.")
    node: ContactImport = strawberry.field(description="The import.")


@strawberry.type(description="A page of imports.", directives=READ)
class ContactImportConnection:
    """A Relay connection."""

    edges: list[ContactImportEdge] = strawberry.field(description="The imports with their cursors.")
    nodes: list[ContactImport] = strawberry.field(description="The imports alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[ImportRow]) -> "ContactImportConnection":
        """The connection of a page that was read."""
        nodes = [ContactImport.of(row) for row in page.items]
        edges = [ContactImportEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


async def load_import(info: Info, key: UUID) -> ContactImport | None:
    """The tenant's own import, or None."""
    async with info.context.reading() as tx:
        row = await read_import(tx, key)
    return None if row is None else ContactImport.of(row)


async def find_import(info: Info, given: str) -> ContactImport | None:
    """The import of this global id, or None."""
    return await load_import(info, key_of("ContactImport", given))


@strawberry.type
class ContactImportQueries:
    """The root fields that read imports."""

    @strawberry.field(description="The tenant's imports, the newest first.", directives=READ)
    async def contact_imports(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ContactImportConnection | None:
        page = await paged(lambda request: read_imports(info.context.tx, request), first, after, last, before)
        return ContactImportConnection.of(page)

    @strawberry.field(
        description="One import, or null where the tenant has no such import. `importProgress` tells of each step.",
        directives=READ,
    )
    async def contact_import(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
    ) -> ContactImport | None:
        return await find_import(info, id)
