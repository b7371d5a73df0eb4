"""Handing files in: an address to put one to, outside of GraphQL."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.files.uploads import NewUpload, UploadPurpose
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import to_global
from portal_schema.payloads import UserError

WRITE = requires(Permission.CONTACTS_WRITE)


@strawberry.enum(description="Why there is no address for a file.")
class UploadCreateErrorCode(Enum):
    """The problems that `uploadCreate` can have."""

    INVALID = strawberry.enum_value("INVALID", description="The name or the size is none.")
    TOO_LARGE = strawberry.enum_value("TOO_LARGE", description="The file is larger than 50 MB.")
    TOO_MANY_UPLOADS = strawberry.enum_value(
        "TOO_MANY_UPLOADS", description="1,000 files, or 1 GB of them, are kept already, or may still come."
    )


@strawberry.type(description="Why there is no address for a file.", directives=WRITE)
class UploadCreateUserError(UserError):
    """One problem."""

    code: UploadCreateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `uploadCreate`.", directives=WRITE)
class UploadCreatePayload:
    """The address, or errors."""

    errors: list[UploadCreateUserError] = strawberry.field(description="What is wrong; empty on success.")
    upload_id: strawberry.ID | None = strawberry.field(
        default=None, description="The file's id, for the mutation that it is for."
    )
    url: str | None = strawberry.field(
        default=None,
        description="Where to PUT the file's bytes, once and with nothing else: whoever has the address can.",
    )
    expires_at: datetime | None = strawberry.field(default=None, description="Until when that has to begin.")


@strawberry.input(description="A file that is going to be put.")
class UploadCreateInput:
    """What is known of it before it comes."""

    purpose: UploadPurpose = strawberry.field(description="What it is for.")
    name: str = strawberry.field(description="Its name, for people: 1 to 200 characters.")
    size: int = strawberry.field(description="How many bytes it has: exactly as many have to come, at most 50 MB.")


@strawberry.type
class UploadMutations:
    """The root field that makes addresses."""

    @strawberry.mutation(
        description="An address to put a file to, good for 15 minutes and for one file. A file is kept for 24 hours, "
        "or until it is imported.",
        directives=WRITE,
    )
    async def upload_create(
        self,
        info: Info,
        input: Annotated[UploadCreateInput, strawberry.argument(description="The file.")],
    ) -> UploadCreatePayload | None:
        context = info.context
        new = NewUpload(input.purpose, input.name, input.size)
        address = await context.addresses.uploads.create(context.tx, new, now=context.now)
        return UploadCreatePayload(
            upload_id=to_global("Upload", address.upload_id), url=address.url, expires_at=address.until, errors=[]
        )
