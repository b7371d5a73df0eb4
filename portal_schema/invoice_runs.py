"""Making invoices, in the schema: the runs, and the drafts that are held back; for the ISV's operator."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.invoices.invoices import HeldFor, InvoiceRow, read_held
from portal.invoices.runs import InvoiceRun as Run
from portal.invoices.runs import read_runs, start_run
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import APART, requires
from portal_schema.invoices import Invoice
from portal_schema.payloads import UserError
from portal_schema.scalars import CalendarMonth
from portal_schema.tenants import Tenant, load_tenant

OPERATOR = requires(Permission.CATALOGUE_WRITE)

describe(
    HeldFor,
    "Why a draft is not issued by itself. It is made anew, and issued once nothing holds it.",
    USAGE_NOT_SYNCED="The carriers' own count of the month is not whole yet, and prices go by it.",
    DISCREPANCY="Our count and the carriers' differ, and nobody knows why.",
    EARLIER_HELD="An invoice of an earlier month is held, and this one goes by it.",
)


@strawberry.type(description="Making the invoices of a month, for all tenants.", directives=OPERATOR)
class InvoiceRun:
    """A run; those of `portal.invoices` become it by `of`."""

    month: CalendarMonth = strawberry.field(description="Whose month.")
    tenants: int = strawberry.field(description="How many tenants there are to make invoices for.")
    done: int = strawberry.field(description="How many of them are done; not all of them owe something.")
    failed: int = strawberry.field(description="How many failed: they are tried again an hour later.")
    started_at: datetime = strawberry.field(description="When it began.")
    finished_at: datetime | None = strawberry.field(description="When it was finished; null while it goes on.")

    @classmethod
    def of(cls, run: Run) -> "InvoiceRun":
        """The run in the schema."""
        return cls(
            month=CalendarMonth(run.month),
            tenants=run.tenants,
            done=run.done,
            failed=run.failed,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )


@strawberry.type(description="A draft that was not issued by itself.", directives=OPERATOR)
class HeldInvoice:
    """A draft with its tenant; rows of `portal.invoices` become it by `of`."""

    invoice: Invoice | None = strawberry.field(description="The draft.")
    held_for: HeldFor | None = strawberry.field(description="Why it is held.")
    tenant_key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: InvoiceRow, public_url: str) -> "HeldInvoice":
        """The draft in this row."""
        return cls(invoice=Invoice.of(row, public_url), held_for=row.held_for, tenant_key=row.tenant_id)

    @strawberry.field(description="The tenant that it is for.")
    async def tenant(self, info: Info) -> Tenant | None:
        return await load_tenant(info, self.tenant_key)


@strawberry.type(description="A draft in a list.", directives=OPERATOR)
class HeldInvoiceEdge:
    """A draft and its place."""

    cursor: str = strawberry.field(description="The draft's place in the list.")
    node: HeldInvoice = strawberry.field(description="The draft.")


@strawberry.type(description="A page of drafts.", directives=OPERATOR)
class HeldInvoiceConnection:
    """A Relay connection."""

    edges: list[HeldInvoiceEdge] = strawberry.field(description="The drafts with their cursors.")
    nodes: list[HeldInvoice] = strawberry.field(description="The drafts alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[InvoiceRow], public_url: str) -> "HeldInvoiceConnection":
        """The connection of a page that was read."""
        nodes = [HeldInvoice.of(row, public_url) for row in page.items]
        edges = [HeldInvoiceEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.enum(description="Why no invoices are made.")
class InvoicesGenerateErrorCode(Enum):
    """The problems that `invoicesGenerate` can have."""

    NOT_OVER = strawberry.enum_value("NOT_OVER", description="The month is not over yet, in UTC.")


@strawberry.type(description="Why no invoices are made.", directives=OPERATOR)
class InvoicesGenerateUserError(UserError):
    """One problem."""

    code: InvoicesGenerateErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `invoicesGenerate`.", directives=OPERATOR)
class InvoicesGeneratePayload:
    """The run, or errors."""

    errors: list[InvoicesGenerateUserError] = strawberry.field(description="What is wrong; empty on success.")
    invoice_run: InvoiceRun | None = strawberry.field(
        default=None, description="The run: the one that goes on already, or a new one. `invoiceRuns` shows how far."
    )


MonthArgument = Annotated[CalendarMonth, strawberry.argument(description="The month, which has to be over.")]
MonthFilter = Annotated[CalendarMonth | None, strawberry.argument(description="Of this month; of all unless given.")]


@strawberry.type
class InvoiceRunQueries:
    """The root fields that tell how far invoices are."""

    @strawberry.field(
        description="The last runs that made invoices, the newest first; 24 at most.", directives=OPERATOR
    )
    async def invoice_runs(self, info: Info, month: MonthFilter = None) -> list[InvoiceRun] | None:
        async with info.context.reading_tenants() as tx:
            return [InvoiceRun.of(run) for run in await read_runs(tx, month)]

    @strawberry.field(description="The drafts of all tenants that are held back.", directives=OPERATOR)
    async def invoices_held(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> HeldInvoiceConnection | None:
        async with info.context.reading_tenants() as tx:
            page = await paged(lambda request: read_held(tx, request), first, after, last, before)
        return HeldInvoiceConnection.of(page, info.context.public_url)


@strawberry.type
class InvoiceRunMutations:
    """The root field that has invoices made."""

    @strawberry.mutation(
        description="Make the invoices of a month for all tenants; those that are issued stay as they are. It happens "
        "by itself on the first of each month. A void invoice is made anew.",
        directives=OPERATOR,
        metadata={APART: True},
    )
    async def invoices_generate(self, info: Info, month: MonthArgument) -> InvoicesGeneratePayload | None:
        async with info.context.operating() as tx:
            run = await start_run(tx, month, now=info.context.now)
        return InvoicesGeneratePayload(invoice_run=InvoiceRun.of(run), errors=[])
