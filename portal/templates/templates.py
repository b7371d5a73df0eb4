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
from portal.problems import Problem, RefusedError, refuse
from portal.templates.models import Template, TemplateVersion
from portal.templates.rendering import TemplateVariable, variables_in

LONGEST_NAME = 100
LONGEST_BODY = 1_600  # Twilio refuses longer texts with error 21617
LONGEST_EXAMPLE = 200
MOST_VARIABLES = 50
BY_CREATION = Keyset("created")


class TemplateProblem(StrEnum):
    """Why a template is not created, changed or archived."""

    NOT_FOUND = "NOT_FOUND"
    NAME_TAKEN = "NAME_TAKEN"
    INVALID = "INVALID"
    UNKNOWN_VARIABLE = "UNKNOWN_VARIABLE"
    ARCHIVED = "ARCHIVED"


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


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template with its current version."""

    id: UUID
    name: str
    category: TemplateCategory
    current: VersionRow
    archived_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """What to write; None leaves it as it is."""

    name: str | None = None
    category: TemplateCategory | None = None
    body: str | None = None
    variables: tuple[TemplateVariable, ...] | None = None


_VERSION = (
    "version.id AS version_id, version.template_id, version.number, version.body, version.variables, "
    "version.created_at AS version_at"
)
_COLUMNS = f"template.id, template.name, template.category, template.archived_at, template.created_at, {_VERSION}"
_SOURCE = (
    "template JOIN template_version AS version ON version.tenant_id = template.tenant_id "
    "AND version.template_id = template.id AND version.number = template.version"
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
    )


def _template_row(row: Row) -> TemplateRow:
    category = TemplateCategory(row["category"])
    return TemplateRow(row["id"], row["name"], category, version_row(row), row["archived_at"], row["created_at"])


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
        f"SELECT {_VERSION} FROM template_version AS version "  # noqa: S608  constants
        "WHERE version.tenant_id = $1 AND version.template_id = ANY($2::uuid[]) ORDER BY version.number DESC"
    )
    for row in await tx.rows(sql, tx.tenant_id, list(template_ids)):
        found[row["template_id"]].append(version_row(row))
    return found


async def read_versions_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, VersionRow]:
    """Those of these versions that the tenant has, in one statement."""
    sql = (
        f"SELECT {_VERSION} FROM template_version AS version "  # noqa: S608  constants
        "WHERE version.tenant_id = $1 AND version.id = ANY($2::uuid[])"
    )
    return {row["version_id"]: version_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def create_template(
    tx: TenantTransaction, name: str, category: TemplateCategory, change: TemplateChange, *, now: datetime
) -> UUID:
    """Add a template with its first version; its id.

    Raises:
        RefusedError: the name is taken, or a value is not acceptable.
    """
    body = change.body or ""
    variables = change.variables if change.variables is not None else _undeclared(body)
    _refuse_if([*_name_problems(name), *_body_problems(body, variables)])
    template = Template(
        id=new_id(now), tenant_id=tx.tenant_id, name=name.strip(), category=category.value, version=1, created_at=now
    )
    with taken_means(_TAKEN):
        await template.save(using_db=tx.orm)
    await _add_version(tx, template.id, 1, body, variables, now=now)
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
        variables = current.variables if change.body is None else _redeclared(body, current.variables)
    problems = _name_problems(change.name) if change.name is not None else []
    _refuse_if([*problems, *_body_problems(body, variables)])
    version = template.version + ((body, variables) != (current.body, current.variables))
    if version > template.version:
        await _add_version(tx, template.id, version, body, variables, now=now)
    name = template.name if change.name is None else change.name.strip()
    category = template.category if change.category is None else change.category.value
    with taken_means(_TAKEN):
        await _one(tx, template_id).update(name=name, category=category, version=version)


async def archive_template(tx: TenantTransaction, template_id: UUID, *, now: datetime) -> None:
    """Take it out of use for good; archiving twice changes nothing.

    Raises:
        RefusedError: there is no such template.
    """
    template = await _locked(tx, template_id)
    if template.archived_at is None:
        await _one(tx, template_id).update(archived_at=now)


def _one(tx: TenantTransaction, template_id: UUID) -> QuerySet[Template]:
    return Template.filter(tenant_id=tx.tenant_id, id=template_id).using_db(tx.orm)


async def _locked(tx: TenantTransaction, template_id: UUID) -> Template:
    template = await _one(tx, template_id).select_for_update().get_or_none()
    if template is None:
        raise refuse(TemplateProblem.NOT_FOUND, "There is no such template.", "id")
    return template


async def _add_version(
    tx: TenantTransaction,
    template_id: UUID,
    number: int,
    body: str,
    variables: Sequence[TemplateVariable],
    *,
    now: datetime,
) -> None:
    await TemplateVersion.create(
        using_db=tx.orm,
        id=new_id(now),
        tenant_id=tx.tenant_id,
        template_id=template_id,
        number=number,
        body=body,
        variables=[asdict(variable) for variable in variables],
        created_at=now,
    )


def _undeclared(body: str) -> tuple[TemplateVariable, ...]:
    return tuple(TemplateVariable(name, None, name, required=True) for name in variables_in(body))


def _redeclared(body: str, known: Sequence[TemplateVariable]) -> tuple[TemplateVariable, ...]:
    """A new body without a declaration keeps what is known of its variables."""
    by_name = {variable.name: variable for variable in known}
    return tuple(by_name.get(variable.name, variable) for variable in _undeclared(body))


def _name_problems(name: str) -> list[Problem]:
    if 1 <= len(name.strip()) <= LONGEST_NAME:
        return []
    return [Problem(TemplateProblem.INVALID, f"A name has 1 to {LONGEST_NAME} characters.", ("name",))]


def _body_problems(body: str, variables: Sequence[TemplateVariable]) -> list[Problem]:
    if len(variables) > MOST_VARIABLES:
        return [Problem(TemplateProblem.INVALID, f"A template has at most {MOST_VARIABLES} variables.", ("variables",))]
    problems = []
    if not body.strip() or len(body) > LONGEST_BODY:
        problems.append(Problem(TemplateProblem.INVALID, f"A text has 1 to {LONGEST_BODY} characters.", ("body",)))
    names = [variable.name for variable in variables]
    problems += [
        Problem(
            TemplateProblem.UNKNOWN_VARIABLE,
            f"The text uses {{{{{name}}}}}, which the variables do not declare.",
            ("body",),
        )
        for name in variables_in(body)
        if name not in names
    ]
    wrong = "A variable's name is a word of letters, digits and _, and stands once."
    problems += [
        Problem(TemplateProblem.INVALID, wrong, ("variables", str(index), "name"))
        for index, name in enumerate(names)
        if names.count(name) > 1 or variables_in(f"{{{{{name}}}}}") != [name]
    ]
    lengths = (("default", LONGEST_BODY), ("example", LONGEST_EXAMPLE))
    problems += [
        Problem(TemplateProblem.INVALID, f"It has at most {most} characters.", ("variables", str(index), part))
        for index, variable in enumerate(variables)
        for part, most in lengths
        if len(getattr(variable, part) or "") > most
    ]
    return problems


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise RefusedError(problems)
