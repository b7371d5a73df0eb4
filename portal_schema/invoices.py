"""Invoices in the schema: a tenant's own, and for the ISV's operator those of each tenant with their drafts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.invoices.invoices import (
    CreditNoteRow,
    InvoiceCost,
    InvoiceRow,
    InvoiceState,
    read_credit_notes,
    read_invoice_costs,
    read_invoices,
    read_invoices_by_id,
)
from portal.invoices.invoices import InvoiceFilter as Only
from portal.invoices.lines import InvoiceLine as Line
from portal.usage.costing import PriceBasis
from portal_schema.connections import After, Before, First, Last, PageInfo, page_errors_told, page_request
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.money import ExplanationStep, Money
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.scalars import CalendarMonth, CurrencyCode

READ = requires(Permission.BILLING_READ)
ECONOMICS = requires(Permission.ECONOMICS_READ)

describe(
    InvoiceState,
    "Where an invoice stands.",
    DRAFT="It was made and is held back. Tenants do not see it.",
    ISSUED="It is to be paid. It changes no more.",
    PAID="It is paid.",
    VOID="It is not to be paid.",
)


@strawberry.type(description="One line of an invoice.", directives=READ)
class InvoiceLine:
    """A line; those of `portal.invoices` become it by `of`."""

    description: str = strawberry.field(description="What it is for.")
    quantity: Decimal = strawberry.field(description="How much, in `unit`.")
    unit: str = strawberry.field(description="What `quantity` counts, such as messages or days.")
    amount: Money = strawberry.field(description="What it comes to: rounded here, and nowhere before.")
    price_basis: PriceBasis = strawberry.field(description="What its price goes by.")
    explanation: list[ExplanationStep] = strawberry.field(description="How the amount came about, from the price on.")
    invoice_key: strawberry.Private[UUID]
    key: strawberry.Private[str]

    @classmethod
    def of(cls, line: Line, invoice: InvoiceRow) -> "InvoiceLine":
        """The line in the schema."""
        return cls(
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            amount=Money(amount=line.amount, currency=CurrencyCode(invoice.total.currency)),
            price_basis=line.basis,
            explanation=[ExplanationStep.of(step) for step in line.steps],
            invoice_key=invoice.id,
            key=line.key,
        )

    @strawberry.field(description="How it came about, from the cost on.", directives=ECONOMICS)
    async def operator_explanation(self, info: Info) -> list[ExplanationStep] | None:
        found = await _load_cost(info, self.invoice_key)
        return None if found is None else [ExplanationStep.of(step) for step in found.steps.get(self.key, ())]


@strawberry.type(description="A part of an invoice that is given back.", directives=READ)
class CreditNote:
    """A credit note; rows of `portal.invoices` become it by `of`."""

    number: str = strawberry.field(description="Its number; there are no gaps.")
    amount: Money = strawberry.field(description="How much is given back.")
    reason: str = strawberry.field(description="Why.")
    issued_at: datetime = strawberry.field(description="When it was issued.")

    @classmethod
    def of(cls, row: CreditNoteRow) -> "CreditNote":
        """The credit note in this row."""
        return cls(number=row.number, amount=Money.of(row.amount), reason=row.reason, issued_at=row.issued_at)


@strawberry.type(
    description="What a tenant owes for a month in UTC, without taxes. The total is the sum of its lines; "
    "late usage is in the next month's invoice.",
    directives=READ,
)
class Invoice(Node):
    """An invoice; rows of `portal.invoices` become it by `of`."""

    number: str | None = strawberry.field(description="Its number; there are no gaps. Null for a draft.")
    month: CalendarMonth = strawberry.field(description="The month that it is for.")
    state: InvoiceState = strawberry.field(description="Where it stands.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    lines: list[InvoiceLine] = strawberry.field(description="What it is for.")
    total: Money = strawberry.field(description="The sum of its lines. Less than 0 is owed to the tenant.")
    amount_due: Money = strawberry.field(
        description="What is still to be paid: the total less credit notes and credits that were paid for apart."
    )
    issued_at: datetime | None = strawberry.field(description="When it was issued.")
    due_on: date | None = strawberry.field(description="The day until which it is to be paid.")
    paid_at: datetime | None = strawberry.field(description="When it was paid.")
    payment_reference: str | None = strawberry.field(description="What its payment is known by.")
    voided_at: datetime | None = strawberry.field(description="When it was voided.")
    void_reason: str | None = strawberry.field(description="Why it was voided.")
    digest: str = strawberry.field(
        description="SHA-256, in hexadecimal, of the usage snapshot that it was rated from, in canonical form."
    )
    pdf_url: str = strawberry.field(description="The address of its PDF, with the session or an access token.")
    csv_url: str = strawberry.field(description="The address of its lines as CSV.")
    bill_url: str = strawberry.field(
        description="The address of the bill as JSON: its lines and the usage snapshot that they were rated from. "
        "`portal bill verify` rates it again offline."
    )
    key: strawberry.Private[UUID]
    tenant_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: InvoiceRow, public_url: str) -> "Invoice":
        """The invoice in this row."""
        given = to_global("Invoice", row.id)
        address = f"{public_url}/invoices/{given}"
        return cls(
            id=given,
            number=row.number,
            month=CalendarMonth(row.month),
            state=row.state,
            currency=CurrencyCode(row.total.currency),
            lines=[InvoiceLine.of(line, row) for line in row.lines],
            total=Money.of(row.total),
            amount_due=Money.of(row.due),
            issued_at=row.issued_at,
            due_on=row.due_on,
            paid_at=row.paid_at,
            payment_reference=row.payment_reference,
            voided_at=row.voided_at,
            void_reason=row.void_reason,
            digest=row.digest.hex(),
            pdf_url=f"{address}.pdf",
            csv_url=f"{address}.csv",
            bill_url=f"{address}.json",
            key=row.id,
            tenant_key=row.tenant_id,
        )

    @strawberry.field(description="What was given back of it, in the order of their numbers.")
    async def credit_notes(self, info: Info) -> list[CreditNote]:
        async def load(keys: list[tuple[UUID, UUID]]) -> list[list[CreditNote]]:
            async with info.context.reading_tenants() as tx:
                tenant_ids = list({tenant_id for tenant_id, _ in keys})
                found = await read_credit_notes(tx, tenant_ids, [key for _, key in keys])
            return [[CreditNote.of(row) for row in found[key]] for _, key in keys]

        notes: list[CreditNote] = await info.context.loader("credit notes", load).load((self.tenant_key, self.key))
        return notes

    @strawberry.field(
        description="What its usage cost the company that runs this portal; in `currency`, not rounded.",
        directives=ECONOMICS,
    )
    async def cost(self, info: Info) -> Money | None:
        found = await _load_cost(info, self.key)
        return None if found is None else Money.of(found.cost)


@strawberry.type(description="An invoice in a list.", directives=READ)
class InvoiceEdge:
    """An invoice and its place."""

    cursor: str = strawberry.field(description="The invoice's place in the list.")
    node: Invoice = strawberry.field(description="The invoice.")


@strawberry.type(description="A page of invoices.", directives=READ)
class InvoiceConnection:
    """A Relay connection."""

    edges: list[InvoiceEdge] = strawberry.field(description="The invoices with their cursors.")
    nodes: list[Invoice] = strawberry.field(description="The invoices alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[InvoiceRow], public_url: str) -> "InvoiceConnection":
        """The connection of a page that was read."""
        nodes = [Invoice.of(row, public_url) for row in page.items]
        edges = [InvoiceEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.input(description="Which invoices; all conditions have to hold.")
class InvoiceFilter:
    """Conditions; what is left out asks for all."""

    state: list[InvoiceState] | None = strawberry.field(default=None, description="Those in one of these states.")

    def narrowed(self) -> Only:
        """The filter as the business takes it."""
        return Only(tuple(self.state) if self.state is not None else None)


InvoiceFilterArgument = Annotated[
    InvoiceFilter | None, strawberry.argument(description="Which invoices; all unless given.")
]
InvoiceId = Annotated[strawberry.ID, strawberry.argument(description="The invoice's id.")]


async def find_invoices(
    info: Info,
    tenant_id: UUID,
    asked: InvoiceFilter | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> InvoiceConnection:
    """A page of this tenant's invoices: one read for all tenants that are asked for side by side."""
    request = page_request(first, after, last, before)
    only = Only() if asked is None else asked.narrowed()

    async def load(tenant_ids: list[UUID]) -> list[InvoiceConnection]:
        async with info.context.reading_tenants() as tx:
            with page_errors_told():
                pages = await read_invoices(tx, tenant_ids, request, only)
        return [InvoiceConnection.of(pages[tenant_id], info.context.public_url) for tenant_id in tenant_ids]

    found: InvoiceConnection = await info.context.loader(("invoices", request, only), load).load(tenant_id)
    return found


async def find_invoice_of(info: Info, tenant_id: UUID, given: str) -> Invoice | None:
    """This tenant's invoice of this global id, or None."""
    key = from_global("Invoice", given)
    if key is None:
        return None
    async with info.context.reading_tenants() as tx:
        row = (await read_invoices_by_id(tx, [tenant_id], [key])).get(key)
    return None if row is None else Invoice.of(row, info.context.public_url)


async def find_own_invoice(info: Info, given: str) -> Invoice | None:
    """The tenant's invoice of this global id, or None."""
    return await find_invoice_of(info, info.context.tx.tenant_id, given)


async def _load_cost(info: Info, key: UUID) -> InvoiceCost | None:
    async def load(keys: list[UUID]) -> list[InvoiceCost | None]:
        async with info.context.reading_tenants() as tx:
            found = await read_invoice_costs(tx, list(dict.fromkeys(keys)))
        return [found.get(asked) for asked in keys]

    cost: InvoiceCost | None = await info.context.loader("invoice cost", load).load(key)
    return cost


@strawberry.type
class InvoiceQueries:
    """The root fields that read invoices."""

    @strawberry.field(description="The tenant's invoices, those made last first.", directives=READ)
    async def invoices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: InvoiceFilterArgument = None,
    ) -> InvoiceConnection | None:
        return await find_invoices(info, info.context.tx.tenant_id, filter, first, after, last, before)

    @strawberry.field(description="One invoice, or null where the tenant has no such invoice.", directives=READ)
    async def invoice(self, info: Info, id: InvoiceId) -> Invoice | None:
        return await find_own_invoice(info, id)
