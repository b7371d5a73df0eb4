"""What the ISV's operator does with invoices, in the schema."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.invoices.issuing import CreditNoteWish, issue, issue_credit_note, mark_paid, void
from portal_schema.context import Info
from portal_schema.guards import APART, requires
from portal_schema.invoices import Invoice, InvoiceId
from portal_schema.money import MoneyInput
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError

OPERATOR = requires(Permission.CATALOGUE_WRITE)
_NO_INVOICE = "There is no such invoice."
_WRONG_STATE = "Its state does not allow it; the message says why."


@strawberry.enum(description="Why an invoice is not issued.")
class InvoiceIssueErrorCode(Enum):
    """The problems that `invoiceIssue` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description=_NO_INVOICE)
    WRONG_STATE = strawberry.enum_value("WRONG_STATE", description="It is void.")


@strawberry.enum(description="Why an invoice is not taken for paid.")
class InvoiceMarkPaidErrorCode(Enum):
    """The problems that `invoiceMarkPaid` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description=_NO_INVOICE)
    INVALID = strawberry.enum_value("INVALID", description="The reference is empty or too long.")
    WRONG_STATE = strawberry.enum_value("WRONG_STATE", description=_WRONG_STATE)


@strawberry.enum(description="Why an invoice is not voided.")
class InvoiceVoidErrorCode(Enum):
    """The problems that `invoiceVoid` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description=_NO_INVOICE)
    INVALID = strawberry.enum_value("INVALID", description="The reason is empty or too long.")
    WRONG_STATE = strawberry.enum_value("WRONG_STATE", description=_WRONG_STATE)


@strawberry.enum(description="Why no credit note is issued.")
class CreditNoteIssueErrorCode(Enum):
    """The problems that `creditNoteIssue` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description=_NO_INVOICE)
    INVALID = strawberry.enum_value("INVALID", description="The amount, the currency, the reason or the key.")
    WRONG_STATE = strawberry.enum_value("WRONG_STATE", description="It was not issued, or is void.")
    TOO_MUCH = strawberry.enum_value("TOO_MUCH", description="More than what is left of the invoice.")
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again in a moment."
    )


@strawberry.type(description="Why an invoice is not issued.", directives=OPERATOR)
class InvoiceIssueUserError(UserError):
    """One problem."""

    code: InvoiceIssueErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an invoice is not taken for paid.", directives=OPERATOR)
class InvoiceMarkPaidUserError(UserError):
    """One problem."""

    code: InvoiceMarkPaidErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an invoice is not voided.", directives=OPERATOR)
class InvoiceVoidUserError(UserError):
    """One problem."""

    code: InvoiceVoidErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why no credit note is issued.", directives=OPERATOR)
class CreditNoteIssueUserError(UserError):
    """One problem."""

    code: CreditNoteIssueErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `invoiceIssue`.", directives=OPERATOR)
class InvoiceIssuePayload:
    """The invoice, or errors."""

    errors: list[InvoiceIssueUserError] = strawberry.field(description="What is wrong; empty on success.")
    invoice: Invoice | None = strawberry.field(default=None, description="The invoice, issued.")


@strawberry.type(description="The outcome of `invoiceMarkPaid`.", directives=OPERATOR)
class InvoiceMarkPaidPayload:
    """The invoice, or errors."""

    errors: list[InvoiceMarkPaidUserError] = strawberry.field(description="What is wrong; empty on success.")
    invoice: Invoice | None = strawberry.field(default=None, description="The invoice, paid.")


@strawberry.type(description="The outcome of `invoiceVoid`.", directives=OPERATOR)
class InvoiceVoidPayload:
    """The invoice, or errors."""

    errors: list[InvoiceVoidUserError] = strawberry.field(description="What is wrong; empty on success.")
    invoice: Invoice | None = strawberry.field(default=None, description="The invoice, void.")


@strawberry.type(description="The outcome of `creditNoteIssue`.", directives=OPERATOR)
class CreditNoteIssuePayload:
    """The invoice with its credit notes, or errors."""

    errors: list[CreditNoteIssueUserError] = strawberry.field(description="What is wrong; empty on success.")
    invoice: Invoice | None = strawberry.field(default=None, description="The invoice, with its credit notes.")


@strawberry.input(description="A part of an invoice to be given back.")
class CreditNoteIssueInput:
    """Of which invoice, how much and why."""

    invoice_id: strawberry.ID = strawberry.field(description="The invoice, which has to be issued or paid.")
    amount: MoneyInput = strawberry.field(
        description="How much: more than 0, at most what is left of the invoice, in its currency."
    )
    reason: str = strawberry.field(description="Why, 1 to 500 characters; the tenant reads it.")
    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. With it the same request has one effect, however often it "
        "comes; with another request it is refused."
    )


@strawberry.type
class InvoiceMutations:
    """The root fields that change what becomes of an invoice."""

    @strawberry.mutation(
        description="Issue a draft that is held back, with the next number. One that is issued stays as it is.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def invoice_issue(self, info: Info, id: InvoiceId) -> InvoiceIssuePayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await issue(tx, key_of("Invoice", id), context.origin, now=context.now)
        return InvoiceIssuePayload(invoice=Invoice.of(row, context.public_url), errors=[])

    @strawberry.mutation(
        description="Take note that an issued invoice is paid. The same reference again changes nothing.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def invoice_mark_paid(
        self,
        info: Info,
        id: InvoiceId,
        reference: Annotated[
            str, strawberry.argument(description="What the payment is known by, 1 to 500 characters.")
        ],
    ) -> InvoiceMarkPaidPayload | None:
        context = info.context
        row = await mark_paid(context.database, key_of("Invoice", id), reference, context.origin, now=context.now)
        return InvoiceMarkPaidPayload(invoice=Invoice.of(row, context.public_url), errors=[])

    @strawberry.mutation(
        description="Void an issued invoice, which keeps its number. A void one stays as it is.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def invoice_void(
        self,
        info: Info,
        id: InvoiceId,
        reason: Annotated[str, strawberry.argument(description="Why, 1 to 500 characters; the tenant reads it.")],
    ) -> InvoiceVoidPayload | None:
        context = info.context
        async with context.operating() as tx:
            row = await void(tx, key_of("Invoice", id), reason, context.origin, now=context.now)
        return InvoiceVoidPayload(invoice=Invoice.of(row, context.public_url), errors=[])

    @strawberry.mutation(
        description="Give a part of an issued or paid invoice back, which itself stays as it is.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def credit_note_issue(
        self,
        info: Info,
        input: Annotated[CreditNoteIssueInput, strawberry.argument(description="Of which invoice, how much and why.")],
    ) -> CreditNoteIssuePayload | None:
        context = info.context
        wish = CreditNoteWish(
            key_of("Invoice", input.invoice_id),
            input.amount.given(),
            input.reason,
            input.idempotency_key,
        )
        row = await issue_credit_note(context.database, wish, context.origin, now=context.now)
        return CreditNoteIssuePayload(invoice=Invoice.of(row, context.public_url), errors=[])
