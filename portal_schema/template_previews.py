"""Previews of templates in the schema."""

from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.messages.previewing import Preview, TemplateWarningCode, preview
from portal.messages.segments import Encoding
from portal.problems import RefusedError
from portal.templates.rendering import ValueOrigin
from portal_schema.compositions import variables_of
from portal_schema.context import Info
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import requires
from portal_schema.nodes import from_global
from portal_schema.scalars import Json
from portal_schema.sending import encoding_reason
from portal_schema.templates import TemplateVersion

READ = requires(Permission.TEMPLATES_READ, Permission.CONTACTS_READ)


@strawberry.type(description="What stands for a variable in a preview.", directives=READ)
class TemplateValue:
    """A value and where it came from."""

    name: str = strawberry.field(description="The variable's name.")
    text: str = strawberry.field(description="What stands for it; empty where nothing fills it.")
    origin: ValueOrigin = strawberry.field(description="What filled it.")


@strawberry.type(description="What may be wrong with a template, though it can be kept and sent.", directives=READ)
class TemplateWarning:
    """A warning."""

    code: TemplateWarningCode = strawberry.field(description="The warning for machines.")
    message: str = strawberry.field(description="What it is, and what to do, for people.")
    variable: str | None = strawberry.field(description="The variable that it is about, if it is about one.")


@strawberry.type(
    description="A template's current text with its variables filled, as a send fills it.", directives=READ
)
class TemplatePreview:
    """A preview; that of `portal.messages` becomes it by `of`."""

    version: TemplateVersion = strawberry.field(description="The version that was filled.")
    text: str = strawberry.field(description="The text; a link of {{preferences}} in it leads nowhere.")
    encoding: Encoding = strawberry.field(description="How it travels.")
    encoding_reason: str | None = strawberry.field(description="What makes the text travel as UCS-2, if it does.")
    segments: int = strawberry.field(description="How many segments it takes.")
    values: list[TemplateValue] = strawberry.field(description="What stands for each variable, in the text's order.")
    missing: list[str] = strawberry.field(
        description="Required variables that nothing fills: with one of these a recipient is refused."
    )
    warnings: list[TemplateWarning] = strawberry.field(description="What may be wrong; empty where nothing is.")

    @classmethod
    def of(cls, found: Preview) -> "TemplatePreview":
        """The preview in the schema."""
        rendered = found.rendered
        return cls(
            version=TemplateVersion.of(found.version),
            text=rendered.text,
            encoding=found.size.encoding,
            encoding_reason=encoding_reason(found.size),
            segments=found.size.segments,
            values=[
                TemplateValue(name=name, text=one.text, origin=one.origin) for name, one in rendered.values.items()
            ],
            missing=list(rendered.missing),
            warnings=[
                TemplateWarning(code=one.code, message=one.message, variable=one.variable) for one in found.warnings
            ],
        )


@strawberry.type
class TemplatePreviewQueries:
    """The root field that previews."""

    @strawberry.field(
        description="What a template says to a contact, or with its examples; null where there is no such template or "
        "contact.",
        directives=requires(Permission.TEMPLATES_READ, Permission.CONTACTS_READ, cost=10),
    )
    async def template_preview(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
        contact_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose name and fields fill it; the variables' examples do unless given."),
        ] = None,
        variables: Annotated[
            Json | None,
            strawberry.argument(description="Texts for variables, as in a send; they win over the contact's fields."),
        ] = None,
    ) -> TemplatePreview | None:
        key = from_global("Template", id)
        contact = None if contact_id is None else from_global("Contact", contact_id)
        try:
            given = variables_of(variables)
            if key is None or (contact_id is not None and contact is None):
                return None
            found = await preview(info.context.tx, key, contact, given, info.context.addresses.preferences.example())
        except RefusedError as refusal:
            (problem, *_) = refusal.problems
            raise RequestError(ErrorCode.BAD_USER_INPUT, problem.message, path=list(problem.path)) from refusal
        return None if found is None else TemplatePreview.of(found)
