"""Changes of templates in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.templates.content import TemplateKind
from portal.templates.rendering import TemplateVariable as Variable
from portal.templates.templates import (
    NewTemplate,
    TemplateCategory,
    TemplateChange,
    archive_template,
    create_template,
    read_templates_by_id,
    update_template,
)
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.templates import Template

_TOPIC = (
    "What it is about, one of the tenant's `settings.topics`: whoever declined that gets no message with it, unless "
    "the send names another."
)
WRITE = requires(Permission.TEMPLATES_WRITE)


@strawberry.enum(description="Why a template was not created.")
class TemplateCreateErrorCode(Enum):
    """The problems that `templateCreate` can have."""

    NAME_TAKEN = strawberry.enum_value("NAME_TAKEN", description="Another template in use has this name.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    UNKNOWN_VARIABLE = strawberry.enum_value("UNKNOWN_VARIABLE", description="The text uses an undeclared variable.")


@strawberry.enum(description="Why a template was not changed.")
class TemplateUpdateErrorCode(Enum):
    """The problems that `templateUpdate` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such template.")
    NAME_TAKEN = strawberry.enum_value("NAME_TAKEN", description="Another template in use has this name.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    UNKNOWN_VARIABLE = strawberry.enum_value("UNKNOWN_VARIABLE", description="The text uses an undeclared variable.")
    ARCHIVED = strawberry.enum_value("ARCHIVED", description="It was taken out of use, and stays as it is.")


@strawberry.enum(description="Why a template was not archived.")
class TemplateArchiveErrorCode(Enum):
    """The problems that `templateArchive` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such template.")


@strawberry.type(description="What is wrong with a template to be created.", directives=WRITE)
class TemplateCreateUserError(UserError):
    """One problem."""

    code: TemplateCreateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="What is wrong with a change of a template.", directives=WRITE)
class TemplateUpdateUserError(UserError):
    """One problem."""

    code: TemplateUpdateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a template could not be archived.", directives=WRITE)
class TemplateArchiveUserError(UserError):
    """One problem."""

    code: TemplateArchiveErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `templateCreate`.", directives=WRITE)
class TemplateCreatePayload:
    """The template, or errors."""

    errors: list[TemplateCreateUserError] = strawberry.field(description="What is wrong; empty on success.")
    template: Template | None = strawberry.field(default=None, description="The new template.")


@strawberry.type(description="The outcome of `templateUpdate`.", directives=WRITE)
class TemplateUpdatePayload:
    """The template, or errors."""

    errors: list[TemplateUpdateUserError] = strawberry.field(description="What is wrong; empty on success.")
    template: Template | None = strawberry.field(default=None, description="The template as it is now.")


@strawberry.type(description="The outcome of `templateArchive`.", directives=WRITE)
class TemplateArchivePayload:
    """The template, or errors."""

    errors: list[TemplateArchiveUserError] = strawberry.field(description="What is wrong; empty on success.")
    template: Template | None = strawberry.field(default=None, description="The template, archived.")


@strawberry.input(description="A variable of a template.")
class TemplateVariableInput:
    """One variable."""

    name: str = strawberry.field(description="Its name in the text: letters, digits and _, at most 50 characters.")
    example: str = strawberry.field(description="An example, for previews, at most 200 characters.")
    default: str | None = strawberry.field(
        default=None, description="What stands there where nothing else fills it, at most 1,600 characters."
    )
    required: bool = strawberry.field(
        default=True, description="Whether a recipient is refused where nothing fills it."
    )


@strawberry.input(description="A template to be created.")
class TemplateCreateInput:
    """What a new template holds."""

    name: str = strawberry.field(description="1 to 100 characters; no other template in use may have it.")
    category: TemplateCategory = strawberry.field(description="What it is for.")
    body: str = strawberry.field(description="The text, 1 to 1,600 characters; variables are written {{name}}.")
    variables: list[TemplateVariableInput] | None = strawberry.field(
        default=None, description="The variables, at most 50; those found in the text, all required, unless given."
    )
    topic: str | None = strawberry.field(default=None, description=_TOPIC)
    kind: TemplateKind = strawberry.field(default=TemplateKind.TEXT, description="Who fills it, for good.")


@strawberry.input(description="A change of a template: what is left out or null stays as it is, but for the topic.")
class TemplateUpdateInput:
    """What to change."""

    name: str | None = strawberry.field(default=None, description="The new name.")
    category: TemplateCategory | None = strawberry.field(default=None, description="The new category.")
    body: str | None = strawberry.field(default=None, description="The new text, which makes a new version.")
    variables: list[TemplateVariableInput] | None = strawberry.field(
        default=None, description="The new variables; with a new text, those known of it are kept unless given."
    )
    topic: str | None = strawberry.field(
        default=strawberry.UNSET, description="The new topic, one of `settings.topics`; null takes it away."
    )


def _variables(given: list[TemplateVariableInput] | None) -> tuple[Variable, ...] | None:
    if given is None:
        return None
    return tuple(Variable(item.name, item.default, item.example, item.required) for item in given)


@strawberry.type
class TemplateMutations:
    """The root fields that write templates."""

    @strawberry.mutation(description="Create a template.", directives=WRITE)
    async def template_create(
        self,
        info: Info,
        input: Annotated[TemplateCreateInput, strawberry.argument(description="The template.")],
    ) -> TemplateCreatePayload | None:
        tx = info.context.tx
        variables = _variables(input.variables)
        new = NewTemplate(input.name, input.category, input.body, variables, input.topic, input.kind)
        key = await create_template(tx, new, now=info.context.now)
        row = (await read_templates_by_id(tx, [key]))[key]
        return TemplateCreatePayload(template=Template.of(row), errors=[])

    @strawberry.mutation(
        description="Change a template. A new text makes a new version; messages keep theirs.", directives=WRITE
    )
    async def template_update(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
        input: Annotated[TemplateUpdateInput, strawberry.argument(description="What to change.")],
    ) -> TemplateUpdatePayload | None:
        tx, key = info.context.tx, key_of("Template", id)
        change = TemplateChange(
            input.name,
            input.category,
            input.body,
            _variables(input.variables),
            topic=input.topic or None,
            without_topic=input.topic is None,
        )
        await update_template(tx, key, change, now=info.context.now)
        row = (await read_templates_by_id(tx, [key]))[key]
        return TemplateUpdatePayload(template=Template.of(row), errors=[])

    @strawberry.mutation(description="Take a template out of use for good.", directives=WRITE)
    async def template_archive(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
    ) -> TemplateArchivePayload | None:
        tx, key = info.context.tx, key_of("Template", id)
        await archive_template(tx, key, now=info.context.now)
        row = (await read_templates_by_id(tx, [key]))[key]
        return TemplateArchivePayload(template=Template.of(row), errors=[])
