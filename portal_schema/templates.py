"""Templates in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.templates.content import ContentStanding, ContentState, TemplateKind
from portal.templates.rendering import TemplateVariable as Variable
from portal.templates.templates import (
    TemplateCategory,
    TemplateRow,
    VersionRow,
    read_templates,
    read_templates_by_id,
    read_versions,
    read_versions_by_id,
)
from portal_schema.connections import After, Before, First, Last, PageInfo, paged, selected_in_nodes
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global

READ = requires(Permission.TEMPLATES_READ)


@strawberry.type(description="A place in a template's text, written {{name}}.", directives=READ)
class TemplateVariable:
    """One variable."""

    name: str = strawberry.field(description="Its name in the text.")
    default: str | None = strawberry.field(description="What stands there where nothing else fills it.")
    example: str = strawberry.field(description="An example, for previews.")
    required: bool = strawberry.field(description="Whether a recipient is refused where nothing fills it.")

    @classmethod
    def of(cls, variable: Variable) -> "TemplateVariable":
        """The variable in the schema."""
        return cls(name=variable.name, default=variable.default, example=variable.example, required=variable.required)


@strawberry.type(description="How a version of a `CONTENT` template stands at the messaging service.", directives=READ)
class TemplateContent:
    """A standing; that of `portal.templates` becomes it by `of`."""

    state: ContentState = strawberry.field(description="Whether it can be sent.")
    reason: str | None = strawberry.field(description="Why it cannot be sent yet, or ever, where that is known.")
    state_at: datetime = strawberry.field(description="Since when it stands there.")

    @classmethod
    def of(cls, standing: ContentStanding) -> "TemplateContent":
        """The standing in the schema."""
        return cls(state=standing.state, reason=standing.reason, state_at=standing.since)


@strawberry.type(
    description="One text of a template. It never changes: a message keeps the version it was sent with.",
    directives=READ,
)
class TemplateVersion(Node):
    """A version; rows of `portal.templates` become it by `of`."""

    number: int = strawberry.field(description="1 for the first version.")
    body: str = strawberry.field(description="The text, at most 1,600 characters.")
    variables: list[TemplateVariable] = strawberry.field(description="The variables in the text.")
    created_at: datetime = strawberry.field(description="When the version was written.")
    content: TemplateContent | None = strawberry.field(
        description="How it stands at the messaging service, where the template's kind is `CONTENT`."
    )

    @classmethod
    def of(cls, row: VersionRow) -> "TemplateVersion":
        """The version in this row."""
        return cls(
            id=to_global("TemplateVersion", row.id),
            number=row.number,
            body=row.body,
            variables=[TemplateVariable.of(variable) for variable in row.variables],
            created_at=row.created_at,
            content=None if row.content is None else TemplateContent.of(row.content),
        )


@strawberry.type(description="A named text to send again and again.", directives=READ)
class Template(Node):
    """A template; rows of `portal.templates` become it by `of`."""

    name: str = strawberry.field(description="Its name: no two templates in use share one.")
    category: TemplateCategory = strawberry.field(description="What it is for.")
    topic: str | None = strawberry.field(
        description="What it is about: whoever declined that gets no message with it, unless the send names another."
    )
    kind: TemplateKind = strawberry.field(description="Who fills it.")
    current: TemplateVersion = strawberry.field(description="The version that is sent now.")
    archived_at: datetime | None = strawberry.field(description="When it was taken out of use, if it was.")
    created_at: datetime = strawberry.field(description="When it was created.")
    row: strawberry.Private[TemplateRow]
    read_ahead: strawberry.Private[list[VersionRow] | None] = None

    @classmethod
    def of(cls, row: TemplateRow, versions: list[VersionRow] | None = None) -> "Template":
        """The template in this row, with its versions where they were fetched ahead."""
        return cls(
            id=to_global("Template", row.id),
            name=row.name,
            category=row.category,
            topic=row.topic,
            kind=row.kind,
            current=TemplateVersion.of(row.current),
            archived_at=row.archived_at,
            created_at=row.created_at,
            row=row,
            read_ahead=versions,
        )

    @strawberry.field(description="All its versions, the newest first.")
    async def versions(self, info: Info) -> list[TemplateVersion]:
        rows = self.read_ahead
        if rows is None:
            async with info.context.reading() as tx:
                rows = (await read_versions(tx, [self.row.id]))[self.row.id]
        return [TemplateVersion.of(row) for row in rows]


@strawberry.type(description="A template in a list.", directives=READ)
class TemplateEdge:
    """A template and its place."""

    cursor: str = strawberry.field(description="The template's place in the list.")
    node: Template = strawberry.field(description="The template.")


@strawberry.type(description="A page of templates.", directives=READ)
class TemplateConnection:
    """A Relay connection."""

    edges: list[TemplateEdge] = strawberry.field(description="The templates with their cursors.")
    nodes: list[Template] = strawberry.field(description="The templates alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")


@strawberry.input(description="Which templates.")
class TemplateFilter:
    """All conditions have to hold."""

    archived: bool = strawberry.field(
        default=False, description="True asks for those taken out of use, false for those in use."
    )


async def find_template(info: Info, given: str) -> Template | None:
    """The template of this global id, or None."""
    key = from_global("Template", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_templates_by_id(tx, [key])).get(key)
    return None if row is None else Template.of(row)


async def find_version(info: Info, given: str) -> TemplateVersion | None:
    """The template version of this global id, or None."""
    key = from_global("TemplateVersion", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_versions_by_id(tx, [key])).get(key)
    return None if row is None else TemplateVersion.of(row)


@strawberry.type
class TemplateQueries:
    """The root fields that read templates."""

    @strawberry.field(description="The tenant's templates, the oldest first.", directives=READ)
    async def templates(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            TemplateFilter | None, strawberry.argument(description="Which templates; those in use unless given.")
        ] = None,
    ) -> TemplateConnection | None:
        tx, archived = info.context.tx, filter is not None and filter.archived
        page: Page[TemplateRow] = await paged(
            lambda request: read_templates(tx, request, archived=archived), first, after, last, before
        )
        versions = {}
        if "versions" in selected_in_nodes(info):
            versions = await read_versions(tx, [row.id for row in page.items])
        nodes = [Template.of(row, versions.get(row.id)) for row in page.items]
        edges = [TemplateEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return TemplateConnection(edges=edges, nodes=nodes, page_info=PageInfo.of(page))

    @strawberry.field(description="One template, or null where the tenant has no such template.", directives=READ)
    async def template(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
    ) -> Template | None:
        return await find_template(info, id)
