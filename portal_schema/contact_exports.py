"""Taking contacts out: an address to get them from, outside of GraphQL."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.contacts.filtering import ContactFilter as Only
from portal_schema.contacts import ContactFilter
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.payloads import UserError

READ = requires(Permission.CONTACTS_READ)


@strawberry.enum(description="Why contacts are not exported.")
class ContactExportErrorCode(Enum):
    """The problems that `contactExport` can have."""

    NOTHING_TO_EXPORT = strawberry.enum_value("NOTHING_TO_EXPORT", description="The filter lets no contact through.")


@strawberry.type(description="Why contacts are not exported.", directives=READ)
class ContactExportUserError(UserError):
    """One problem."""

    code: ContactExportErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactExport`.", directives=READ)
class ContactExportPayload:
    """The address, or errors."""

    errors: list[ContactExportUserError] = strawberry.field(description="What is wrong; empty on success.")
    url: str | None = strawberry.field(
        default=None,
        description="Where to GET the contacts as CSV, with nothing else: whoever has the address can.",
    )
    expires_at: datetime | None = strawberry.field(default=None, description="Until when that has to begin.")


@strawberry.input(description="Which contacts to export.")
class ContactExportInput:
    """Their conditions."""

    filter: ContactFilter | None = strawberry.field(default=None, description="Which contacts; all unless given.")


@strawberry.type
class ContactExportMutations:
    """The root field that makes addresses of exports."""

    @strawberry.mutation(
        description="An address to get contacts from as CSV, good for five minutes: the columns that `contactImport` "
        "knows, and one for each custom field. It is written down who asked for it, and for which contacts.",
        directives=READ,
    )
    async def contact_export(
        self,
        info: Info,
        input: Annotated[ContactExportInput, strawberry.argument(description="Which contacts.")],
    ) -> ContactExportPayload | None:
        context = info.context
        only = input.filter.narrowed() if input.filter is not None else Only()
        url, until = await context.addresses.exports.offer(context.tx, only, now=context.now)
        return ContactExportPayload(url=url, expires_at=until, errors=[])
