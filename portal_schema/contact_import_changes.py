"""Starting and stopping imports in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.files.uploads import UploadPurpose
from portal.imports.columns import HeaderProblem, ImportTarget, Mapped, UnknownHeaders
from portal.imports.imports import OnDuplicate
from portal.imports.starting import ImportOptions, NewImport, cancel_import, start_import
from portal.problems import refuse
from portal_schema.contact_imports import ContactImport, load_import
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

WRITE = requires(Permission.CONTACTS_WRITE)
_KEY = (
    "1 to 255 characters of your choice. With it the same request has one effect, however often it comes; with "
    "another request it is refused."
)

describe(
    ImportTarget,
    "What the values of a column become.",
    NUMBER="The phone number: one column has to.",
    NAME="The name.",
    TAGS="Tags, with commas, semicolons or bars between them.",
    CONSENT="The consent: given or yes, withdrawn or no, unknown.",
    CONSENT_SOURCE="How the consent came about; without such a column, that it was imported.",
    FIELD="A custom field.",
    NOTHING="Nothing: the column is left out.",
)
describe(
    UnknownHeaders,
    "What becomes of columns whose header is neither known nor mapped.",
    REFUSE="The file is refused, and the error names them.",
    FIELDS="They become custom fields of the same name.",
    LEAVE_OUT="They are left out.",
)
describe(
    OnDuplicate,
    "What becomes of a row whose number a contact has already.",
    UPDATE="It changes the contact; what is empty in the row stays as it is, and tags are added.",
    SKIP="It is left out.",
)


@strawberry.enum(description="Why a file is not imported.")
class ContactImportErrorCode(Enum):
    """The problems that `contactImport` can have."""

    NOT_FOUND = strawberry.enum_value(
        "NOT_FOUND", description="There is no such file, nobody put it there, or it was for another purpose."
    )
    WRONG_ENCODING = strawberry.enum_value(
        "WRONG_ENCODING", description="The file is neither in UTF-8 nor in UTF-16 with its byte order mark."
    )
    UNREADABLE = strawberry.enum_value("UNREADABLE", description="The file is no CSV: a quote is not closed.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="A record has more than 100,000 characters.")
    EMPTY = strawberry.enum_value("EMPTY", description="There are no rows below the header.")
    TOO_MANY_ROWS = strawberry.enum_value("TOO_MANY_ROWS", description="The file has more than 100,000 rows.")
    TOO_MANY_IMPORTS = strawberry.enum_value("TOO_MANY_IMPORTS", description="20 imports wait already.")
    TOO_MANY_COLUMNS = strawberry.enum_value(
        "TOO_MANY_COLUMNS", description="The file has more than 100 columns, or more than 50 that become fields."
    )
    UNKNOWN_HEADER = strawberry.enum_value(
        "UNKNOWN_HEADER", description="A header is neither known nor mapped, or a mapped one is not there."
    )
    HEADER_TWICE = strawberry.enum_value("HEADER_TWICE", description="Two columns become the same.")
    NO_NUMBER = strawberry.enum_value("NO_NUMBER", description="No column holds phone numbers.")
    INVALID = strawberry.enum_value("INVALID", description="What is asked for cannot be; the message says why.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.enum(description="Why a file of numbers is not imported.")
class SuppressionImportErrorCode(Enum):
    """The problems that `suppressionImport` can have."""

    NOT_FOUND = strawberry.enum_value(
        "NOT_FOUND", description="There is no such file, nobody put it there, or it was for another purpose."
    )
    WRONG_ENCODING = strawberry.enum_value(
        "WRONG_ENCODING", description="The file is neither in UTF-8 nor in UTF-16 with its byte order mark."
    )
    UNREADABLE = strawberry.enum_value("UNREADABLE", description="The file is no CSV: a quote is not closed.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="A record has more than 100,000 characters.")
    EMPTY = strawberry.enum_value("EMPTY", description="There are no rows below the header.")
    TOO_MANY_ROWS = strawberry.enum_value("TOO_MANY_ROWS", description="The file has more than 100,000 rows.")
    TOO_MANY_IMPORTS = strawberry.enum_value("TOO_MANY_IMPORTS", description="20 imports wait already.")
    TOO_MANY_COLUMNS = strawberry.enum_value(
        "TOO_MANY_COLUMNS", description="The file has more than 100 columns, or more than 50 that become fields."
    )
    UNKNOWN_HEADER = strawberry.enum_value(
        "UNKNOWN_HEADER", description="A header is neither known nor mapped, or a mapped one is not there."
    )
    HEADER_TWICE = strawberry.enum_value("HEADER_TWICE", description="Two columns become the same.")
    NO_NUMBER = strawberry.enum_value("NO_NUMBER", description="No column holds phone numbers.")
    INVALID = strawberry.enum_value("INVALID", description="What is asked for cannot be; the message says why.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.enum(description="Why an import is not stopped.")
class ContactImportCancelErrorCode(Enum):
    """The problems that `contactImportCancel` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such import.")
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="It is over already.")


@strawberry.type(description="Why a file is not imported.", directives=WRITE)
class ContactImportUserError(UserError):
    """One problem."""

    code: ContactImportErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why a file is not imported.", directives=WRITE)
class SuppressionImportUserError(UserError):
    """One problem."""

    code: SuppressionImportErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an import could not be stopped.", directives=WRITE)
class ContactImportCancelUserError(UserError):
    """One problem."""

    code: ContactImportCancelErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `contactImport`.", directives=WRITE)
class ContactImportPayload:
    """The import, or errors."""

    errors: list[ContactImportUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact_import: ContactImport | None = strawberry.field(
        default=None, description="The import, which goes on in the background."
    )
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether the same request came before and this one starts nothing."
    )


@strawberry.type(description="The outcome of `suppressionImport`.", directives=WRITE)
class SuppressionImportPayload:
    """The import, or errors."""

    errors: list[SuppressionImportUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact_import: ContactImport | None = strawberry.field(
        default=None, description="The import, which goes on in the background."
    )
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether the same request came before and this one starts nothing."
    )


@strawberry.type(description="The outcome of `contactImportCancel`.", directives=WRITE)
class ContactImportCancelPayload:
    """The import, or errors."""

    errors: list[ContactImportCancelUserError] = strawberry.field(description="What is wrong; empty on success.")
    contact_import: ContactImport | None = strawberry.field(default=None, description="The import as it is now.")


@strawberry.input(description="What a column becomes.")
class ImportColumnInput:
    """A column by its header."""

    header: str = strawberry.field(description="The header, as it stands in the file.")
    becomes: ImportTarget = strawberry.field(description="What its values become.")
    field: str | None = strawberry.field(
        default=None, description="The custom field's name, where it becomes one; the header unless given."
    )


@strawberry.input(description="A file of contacts to be imported.")
class ContactImportInput:
    """The file, and how it is taken."""

    upload_id: strawberry.ID = strawberry.field(description="The file, from `uploadCreate` with the purpose CONTACTS.")
    dry_run: bool = strawberry.field(
        description="Whether only to tell what would become of the rows. The same file can be imported afterwards."
    )
    mapping: list[ImportColumnInput] | None = strawberry.field(
        default=None, description="What columns become; the others go by their headers."
    )
    unknown_headers: UnknownHeaders = strawberry.field(
        default=UnknownHeaders.REFUSE, description="What becomes of columns that are neither known nor mapped."
    )
    tags: list[str] | None = strawberry.field(default=None, description="Tags for all contacts of the file.")
    on_duplicate: OnDuplicate = strawberry.field(
        default=OnDuplicate.UPDATE, description="What becomes of rows whose number a contact has already."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="A file of numbers that are to get no messages.")
class SuppressionImportInput:
    """The file, and how it is taken."""

    upload_id: strawberry.ID = strawberry.field(
        description="The file, from `uploadCreate` with the purpose SUPPRESSIONS: a column holds numbers, and the "
        "others are left out."
    )
    dry_run: bool = strawberry.field(
        description="Whether only to tell what would become of the rows. The same file can be imported afterwards."
    )
    mapping: list[ImportColumnInput] | None = strawberry.field(
        default=None, description="Which column holds the numbers, where its header does not tell."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type
class ContactImportMutations:
    """The root fields that start and stop imports."""

    @strawberry.mutation(
        description="Import contacts from a CSV file. The file is looked through at once, and refused as a whole where "
        "it cannot be read; its rows are brought in in the background, and each that cannot be is told of.",
        directives=WRITE,
    )
    async def contact_import(
        self, info: Info, input: Annotated[ContactImportInput, strawberry.argument(description="What to import.")]
    ) -> ContactImportPayload | None:
        options = ImportOptions(
            _mapping(input.mapping), input.unknown_headers, tuple(input.tags or ()), input.on_duplicate
        )
        upload_id = key_of("Upload", input.upload_id)
        new = NewImport(upload_id, UploadPurpose.CONTACTS, options, input.dry_run, input.idempotency_key)
        started, replay = await _start(info, new)
        return ContactImportPayload(contact_import=started, idempotent_replay=replay, errors=[])

    @strawberry.mutation(
        description="Let all numbers of a CSV file get no messages any more: what has not left yet is canceled. It "
        "cannot be taken back here; each person can, by answering START.",
        directives=WRITE,
    )
    async def suppression_import(
        self, info: Info, input: Annotated[SuppressionImportInput, strawberry.argument(description="What to import.")]
    ) -> SuppressionImportPayload | None:
        options = ImportOptions(_mapping(input.mapping), UnknownHeaders.LEAVE_OUT)
        upload_id = key_of("Upload", input.upload_id)
        new = NewImport(upload_id, UploadPurpose.SUPPRESSIONS, options, input.dry_run, input.idempotency_key)
        started, replay = await _start(info, new)
        return SuppressionImportPayload(contact_import=started, idempotent_replay=replay, errors=[])

    @strawberry.mutation(description="Stop an import. The rows that are in stay.", directives=WRITE)
    async def contact_import_cancel(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
    ) -> ContactImportCancelPayload | None:
        key = key_of("ContactImport", id)
        await cancel_import(info.context.tx, key, now=info.context.now)
        return ContactImportCancelPayload(contact_import=await load_import(info, key), errors=[])


async def _start(info: Info, new: NewImport) -> tuple[ContactImport | None, bool]:
    context = info.context
    actor = context.principal.actor
    key, replay = await start_import(context.tx, context.addresses.uploads.store, new, actor, now=context.now)
    return await load_import(info, key), replay


def _mapping(given: list[ImportColumnInput] | None) -> dict[str, Mapped]:
    mapping: dict[str, Mapped] = {}
    for column in given or []:
        header = column.header.strip()
        if header in mapping:
            raise refuse(HeaderProblem.INVALID, "A header is mapped twice.", "mapping")
        is_field = column.becomes is ImportTarget.FIELD
        mapping[header] = Mapped(column.becomes, (column.field or header) if is_field else None)
    return mapping
