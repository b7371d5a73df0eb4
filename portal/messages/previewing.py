"""What a template says: filled for a contact as a send would fill it, or with its examples."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction
from portal.messages.addressees import Addressee, Recipients, find_asked_for
from portal.messages.segments import SegmentCount, count_segments
from portal.messages.wording import PREFERENCES, TOO_LONG, Wording, is_sendable, variable_problems
from portal.problems import RefusedError
from portal.templates.rendering import Rendered, Source, ValueOrigin, variables_in
from portal.templates.templates import VersionRow, read_templates_by_id

_NAME = "name"  # what a contact has beside its own fields


class TemplateWarningCode(StrEnum):
    """What may be wrong with a text, though it can be kept."""

    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning, and the variable that it is about, if it is about one."""

    code: TemplateWarningCode
    message: str
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A text with its variables filled, its size, and what may be wrong with it."""

    version: VersionRow
    rendered: Rendered
    size: SegmentCount
    warnings: tuple[Warned, ...]


async def preview(
    tx: TenantTransaction, template_id: UUID, contact_id: UUID | None, given: Mapping[str, str], link: str
) -> Preview | None:
    """The current text of a template for a contact, or with examples; None where there is no such template or contact.

    Args:
        tx: the tenant's transaction.
        template_id: the template, archived or not.
        contact_id: whose fields fill it; None: its examples do.
        given: values for variables, as a send gives them.
        link: what stands for a link to a consumer's page.

    Raises:
        RefusedError: a value is too long.
    """
    if problems := variable_problems(given):
        raise RefusedError(problems)
    template = (await read_templates_by_id(tx, [template_id])).get(template_id)
    if template is None:
        return None
    version, wording, own = template.current, Wording.of(template), {PREFERENCES: link}
    if contact_id is None:
        examples = {variable.name: variable.example for variable in version.variables}
        sources: tuple[Source, ...] = (
            (ValueOrigin.PORTAL, own),
            (ValueOrigin.CALLER, given),
            (ValueOrigin.EXAMPLE, examples),
        )
        rendered = wording.filled(*sources)
    else:
        (contact,) = await find_asked_for(tx, Recipients(contact_ids=(contact_id,)))
        if not isinstance(contact, Addressee):
            return None
        rendered = wording.filled_for(contact, given, own)
    warnings = await _unknown_fields(tx, version, given)
    if not is_sendable(rendered.text):
        warnings.append(Warned(TemplateWarningCode.TEXT_TOO_LONG, TOO_LONG))
    return Preview(version, rendered, count_segments(rendered.text), tuple(warnings))


async def _unknown_fields(tx: TenantTransaction, version: VersionRow, given: Mapping[str, str]) -> list[Warned]:
    asked = [name for name in variables_in(version.body) if name not in {PREFERENCES, _NAME, *given}]
    rows = await tx.rows(
        "SELECT n.name FROM unnest($2::text[]) AS n (name) WHERE NOT EXISTS "
        "(SELECT FROM contact WHERE tenant_id = $1 AND fields ? n.name)",
        *(tx.tenant_id, asked),
    )
    unknown = {row["name"] for row in rows}
    return [
        Warned(
            TemplateWarningCode.UNKNOWN_FIELD,
            f"No contact has a field {name}: give it with each send, or add it to the contacts.",
            name,
        )
        for name in asked
        if name in unknown
    ]
