"""The use cases of templates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
from tortoise.queryset import QuerySet

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.database.uniqueness import taken_means
from portal.problems import Problem, refuse
from portal.templates.checking import (
    TemplateProblem,
    body_problems,
    name_problems,
    redeclared,
    refuse_if,
    topic_problems,
    undeclared,
)
from portal.templates.content import ContentStanding, ContentState, TemplateKind
from portal.templates.models import Template, TemplateVersion
from portal.templates.publishing import publish, supersede
from portal.templates.rendering import TemplateVariable
from portal.tenants.settings import read_settings

BY_CREATION = Keyset("created")


class TemplateCategory(StrEnum):
    """What a template is for."""

    TRANSACTIONAL = "TRANSACTIONAL"
    NOTIFICATION = "NOTIFICATION"
    MARKETING = "MARKETING"


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One immutable text of a template."""

    id: UUID
    template_id: UUID
    number: int
    body: str
    variables: tuple[TemplateVariable, ...]
    created_at: datetime
    content: ContentStanding | None
    """How it stands at the provider, where it is a CONTENT template's."""


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template with its current version."""

    id: UUID
    name: str
    category: TemplateCategory
    topic: str | None
    kind: TemplateKind
    current: VersionRow
    archived_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """A template to be created; without a declaration its variables are those in its text, all required."""

    name: str
    category: TemplateCategory
    body: str
    variables: tuple[TemplateVariable, ...] | None = None
    topic: str | None = None
    kind: TemplateKind = TemplateKind.TEXT


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """What to write; None leaves it as it is."""

    name: str | None = None
    category: TemplateCategory | None = None
    body: str | None = None
    variables: tuple[TemplateVariable, ...] | None = None
    topic: str | None = None
    without_topic: bool = False


_VERSION = (
    "version.id AS version_id, version.template_id, version.number, version.body, version.variables, "
    "version.created_at AS version_at, content.state, content.state_at, content.attempts"
)
_CONTENT = (
    "LEFT JOIN template_content AS content ON content.tenant_id = version.tenant_id AND content.version_id = version.id"
)
_VERSIONS = f"template_version AS version {_CONTENT}"
_COLUMNS = (
    "template.id, template.name, template.category, template.topic, template.kind, template.archived_at, "
    f"template.created_at, {_VERSION}"
)
_SOURCE = (
    "template JOIN template_version AS version ON version.tenant_id = template.tenant_id "
    f"AND version.template_id = template.id AND version.number = template.version {_CONTENT}"
)


_TAKEN = Problem(TemplateProblem.NAME_TAKEN, "Another template has this name.", ("name",))


def version_row(row: Row) -> VersionRow:
    """A record with the version's columns as a version."""
    return VersionRow(
        id=row["version_id"],
        template_id=row["template_id"],
        number=row["number"],
        body=row["body"],
        variables=tuple(TemplateVariable(**variable) for variable in orjson.loads(row["variables"])),
        created_at=row["version_at"],
        content=ContentStanding(ContentState(row["state"]), row["state_at"], row["attempts"]) if row["state"] else None,
    )


def _template_row(row: Row) -> TemplateRow:
    return TemplateRow(
        id=row["id"],
        name=row["name"],
        category=TemplateCategory(row["category"]),
        topic=row["topic"],
        kind=TemplateKind(row["kind"]),
        current=version_row(row),
        archived_at=row["archived_at"],
        created_at=row["created_at"],
    )


async def read_templates(tx: TenantTransaction, request: PageRequest, *, archived: bool) -> Page[TemplateRow]:
    """A page of templates: those in use, or those archived."""
    conditions = ["template.tenant_id = $1", f"template.archived_at IS {'NOT ' if archived else ''}NULL"]
    listing = Listing(_COLUMNS, _SOURCE, "template.id", conditions, [tx.tenant_id])
    return await read_page(tx, listing, BY_CREATION, request, _template_row)


async def read_templates_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, TemplateRow]:
    """Those of these templates that the tenant has, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE template.tenant_id = $1 AND template.id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _template_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_versions(tx: TenantTransaction, template_ids: Sequence[UUID]) -> dict[UUID, list[VersionRow]]:
    """All versions of these templates, the newest first."""
    found: dict[UUID, list[VersionRow]] = {template_id: [] for template_id in template_ids}
    sql = (
        f"SELECT {_VERSION} FROM {_VERSIONS} "  # noqa: S608  constants
        "WHERE version.tenant_id = $1 AND version.template_id = ANY($2::uuid[]) ORDER BY version.number DESC"
    )
    for row in await tx.rows(sql, tx.tenant_id, list(template_ids)):
        found[row["template_id"]].append(version_row(row))
    return found


async def read_versions_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, VersionRow]:
    """Those of these versions that the tenant has, in one statement."""
    sql = (
        f"SELECT {_VERSION} FROM {_VERSIONS} "  # noqa: S608  constants
        "WHERE version.tenant_id = $1 AND version.id = ANY($2::uuid[])"
    )
    return {row["version_id"]: version_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def create_template(tx: TenantTransaction, new: NewTemplate, *, now: datetime) -> UUID:
    """Add a template with its first version; its id.

    Raises:
        RefusedError: the name is taken, or a value is not acceptable.
    """
    variables = new.variables if new.variables is not None else undeclared(new.body)
    problems = [*name_problems(new.name), *body_problems(new.body, variables, new.kind)]
    refuse_if([*problems, *await _topic_problems(tx, new.topic)])
    template = Template(
        id=new_id(now),
        tenant_id=tx.tenant_id,
        name=new.name.strip(),
        category=new.category.value,
        topic=new.topic,
        kind=new.kind.value,
        version=1,
        created_at=now,
    )
    with taken_means(_TAKEN):
        await template.save(using_db=tx.orm)
    await _add_version(tx, template, new.body, variables, now=now)
    return template.id


async def update_template(tx: TenantTransaction, template_id: UUID, change: TemplateChange, *, now: datetime) -> None:
    """Rename it, or give it a new version; messages keep the version that they were sent with.

    Raises:
        RefusedError: there is no such template, it is archived, the name is taken, or a value is not acceptable.
    """
    template = await _locked(tx, template_id)
    if template.archived_at is not None:
        raise refuse(TemplateProblem.ARCHIVED, "An archived template stays as it is: create a new one.", "id")
    rows = await read_templates_by_id(tx, [template_id])
    current = rows[template_id].current
    body = change.body if change.body is not None else current.body
    variables = change.variables
    if variables is None:
        variables = current.variables if change.body is None else redeclared(body, current.variables)
    problems = name_problems(change.name) if change.name is not None else []
    problems += body_problems(body, variables, TemplateKind(template.kind))
    refuse_if([*problems, *await _topic_problems(tx, change.topic)])
    name = template.name if change.name is None else change.name.strip()
    category = template.category if change.category is None else change.category.value
    topic = None if change.without_topic else change.topic or template.topic
    if (body, variables) != (current.body, current.variables):
        template.version += 1
        await _supersede(tx, template, now=now)
        await _add_version(tx, template, body, variables, now=now)
    with taken_means(_TAKEN):
        await _one(tx, template_id).update(name=name, category=category, topic=topic, version=template.version)


async def archive_template(tx: TenantTransaction, template_id: UUID, *, now: datetime) -> None:
    """Take it out of use for good; archiving twice changes nothing.

    Raises:
        RefusedError: there is no such template.
    """
    template = await _locked(tx, template_id)
    if template.archived_at is None:
        await _one(tx, template_id).update(archived_at=now)
        await _supersede(tx, template, now=now)


async def _supersede(tx: TenantTransaction, template: Template, *, now: datetime) -> None:
    if template.kind == TemplateKind.CONTENT:
        await supersede(tx, template.id, now=now)


async def _topic_problems(tx: TenantTransaction, topic: str | None) -> list[Problem]:
    return [] if topic is None else topic_problems(topic, (await read_settings(tx)).topics)


def _one(tx: TenantTransaction, template_id: UUID) -> QuerySet[Template]:
    return Template.filter(tenant_id=tx.tenant_id, id=template_id).using_db(tx.orm)


async def _locked(tx: TenantTransaction, template_id: UUID) -> Template:
    template = await _one(tx, template_id).select_for_update().get_or_none()
    if template is None:
        raise refuse(TemplateProblem.NOT_FOUND, "There is no such template.", "id")
    return template


async def _add_version(
    tx: TenantTransaction, template: Template, body: str, variables: Sequence[TemplateVariable], *, now: datetime
) -> None:
    version_id = new_id(now)
    await TemplateVersion.create(
        using_db=tx.orm,
        id=version_id,
        tenant_id=tx.tenant_id,
        template_id=template.id,
        number=template.version,
        body=body,
        variables=[asdict(variable) for variable in variables],
        created_at=now,
    )
    if template.kind == TemplateKind.CONTENT:
        await publish(tx, version_id, now=now)
