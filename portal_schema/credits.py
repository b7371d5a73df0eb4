"""Credits in the schema: what is left, the lots, and the statement."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.actor import ActorKind
from portal.credits.lots import CreditAccount as Account
from portal.credits.lots import Lot, read_account, read_lots_by_id
from portal.credits.statement import CreditEntryKind, EntryRow, read_statement
from portal.database.keyset import Page
from portal.plans.plans import read_tenant_plan
from portal.pricing.terms import UsageUnit
from portal_schema.actors import Actor
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.money import Money
from portal_schema.nodes import Node, from_global, to_global

READ = requires(Permission.BILLING_READ)

describe(
    CreditEntryKind,
    "Why a lot of credits changed.",
    PURCHASE="It was bought.",
    RESERVE="Messages were accepted.",
    SETTLE="Messages that had reserved of it were handed over: what it has left stays the same.",
    GIVE_BACK="Messages that had reserved of it never left.",
    EXPIRE="What was left of it has lapsed.",
    CORRECTION="It was corrected.",
)


@strawberry.type(description="A pack of credits that was bought; it is counted in units.", directives=READ)
class CreditLot(Node):
    """A lot; that of `portal.credits` becomes it by `of`."""

    credits: int = strawberry.field(description="How many credits the pack has.")
    units: int = strawberry.field(description="How many units they were worth.")
    unit: UsageUnit = strawberry.field(description="What a unit is.")
    remaining_units: int = strawberry.field(description="The units that nothing has taken.")
    reserved_units: int = strawberry.field(description="The units of messages that were accepted and not yet left.")
    price: Money = strawberry.field(description="What the pack costs.")
    purchased_at: datetime = strawberry.field(description="When it was bought.")
    purchased_by: Actor = strawberry.field(description="Who bought it.")
    usable_at: datetime | None = strawberry.field(
        description="Since when messages draw on it; null: it waits for its payment."
    )
    paid_at: datetime | None = strawberry.field(description="When it was paid, if it was.")
    expires_at: datetime | None = strawberry.field(description="When what is left lapses; null: never, or not known.")

    @classmethod
    def of(cls, lot: Lot) -> "CreditLot":
        """This lot."""
        return cls(
            id=to_global("CreditLot", lot.id),
            credits=lot.credits,
            units=lot.units,
            unit=lot.unit,
            remaining_units=lot.remaining,
            reserved_units=lot.reserved,
            price=Money.of(lot.price),
            purchased_at=lot.purchased_at,
            purchased_by=Actor(kind=ActorKind(lot.bought_by_kind), name=lot.bought_by_name),
            usable_at=lot.usable_at,
            paid_at=lot.paid_at,
            expires_at=lot.expires_at,
        )


@strawberry.type(description="One line of the statement of credits.", directives=READ)
class CreditEntry:
    """An entry; a row of `portal.credits` becomes it by `of`."""

    at: datetime = strawberry.field(description="When.")
    kind: CreditEntryKind = strawberry.field(description="Why.")
    units: int = strawberry.field(description="How many units it is about.")
    change: int = strawberry.field(description="What it does to the units that the lot has left.")
    messages: int | None = strawberry.field(description="How many messages it is about, if it is about some.")
    lot_id: strawberry.ID = strawberry.field(description="The lot.")
    batch_id: strawberry.ID | None = strawberry.field(description="The send, if it is about one.")
    reason: str | None = strawberry.field(description="More on why, if there is more.")

    @classmethod
    def of(cls, row: EntryRow) -> "CreditEntry":
        """This entry."""
        return cls(
            at=row.at,
            kind=row.kind,
            units=row.units,
            change=row.change,
            messages=row.messages,
            lot_id=to_global("CreditLot", row.lot_id),
            batch_id=to_global("MessageBatch", row.batch_id) if row.batch_id else None,
            reason=row.reason,
        )


@strawberry.type(description="A line of the statement in its list.", directives=READ)
class CreditEntryEdge:
    """An entry and its place."""

    cursor: str = strawberry.field(description="The entry's place in the list.")
    node: CreditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A page of the statement.", directives=READ)
class CreditEntryConnection:
    """A Relay connection."""

    edges: list[CreditEntryEdge] = strawberry.field(description="The entries with their cursors.")
    nodes: list[CreditEntry] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[EntryRow]) -> "CreditEntryConnection":
        """The connection of a page that was read."""
        nodes = [CreditEntry.of(row) for row in page.items]
        edges = [CreditEntryEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type(description="The tenant's credits.", directives=READ)
class CreditAccount:
    """An account; that of `portal.credits` becomes it by `of`."""

    balance: Decimal = strawberry.field(
        description="The credits that messages may draw on, rounded down to a hundredth."
    )
    units: int = strawberry.field(description="The same in units.")
    unit: UsageUnit = strawberry.field(description="What the plan counts: credits in another unit wait.")
    credit_limit: Money | None = strawberry.field(
        description="Up to which price credits may be used before they are paid; null: none."
    )
    lots: list[CreditLot] = strawberry.field(description="All lots, the first to expire first: in this order they go.")

    @classmethod
    def of(cls, account: Account) -> "CreditAccount":
        """This account."""
        return cls(
            balance=account.balance,
            units=account.units,
            unit=account.unit,
            credit_limit=None if account.limit is None else Money.of(account.limit),
            lots=[CreditLot.of(lot) for lot in account.lots],
        )

    @strawberry.field(description="Every change of a lot, the newest first.")
    async def statement(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> CreditEntryConnection | None:
        async with info.context.reading() as tx:
            page = await paged(lambda request: read_statement(tx, request), first, after, last, before)
        return CreditEntryConnection.of(page)


async def find_lot(info: Info, given: str) -> CreditLot | None:
    """The lot of this global id, or None."""
    key = from_global("CreditLot", given)
    return None if key is None else await load_lot(info, key)


async def load_lot(info: Info, key: UUID) -> CreditLot | None:
    """One of the tenant's lots, or None."""
    async with info.context.reading() as tx:
        lot = (await read_lots_by_id(tx, [key])).get(key)
    return None if lot is None else CreditLot.of(lot)


@strawberry.type
class CreditQueries:
    """The root field that reads credits."""

    @strawberry.field(description="The tenant's credits; null before it has a plan.", directives=READ)
    async def credits(self, info: Info) -> CreditAccount | None:
        context = info.context
        held = await read_tenant_plan(context.tx, now=context.now)
        if held is None:
            return None
        return CreditAccount.of(await read_account(context.tx, held.plan.terms.unit, now=context.now))
