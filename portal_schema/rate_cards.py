"""Rate cards in the schema: for the ISV's operator alone."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.database.keyset import Page
from portal.rates.provider import ELSEWHERE
from portal.rates.provider import Rate as RateRow
from portal.rates.publishing import publish_rate_card
from portal.rates.reading import RateCardRow, read_card, read_cards, read_rates
from portal.rates.rules import MOST_RATES, RATED, CardWish, RateSource
from portal.rates.rules import ExchangeRate as ExchangeRateRow
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import APART, requires
from portal_schema.payloads import UserError
from portal_schema.scalars import CountryCode, CurrencyCode

READ = requires(Permission.ECONOMICS_READ)
WRITE = requires(Permission.CATALOGUE_WRITE)

describe(
    RateSource,
    "Where the prices of a rate card come from.",
    PROVIDER="The provider's own price list.",
    FILE="A list of the operator's own.",
)


@strawberry.type(description="What the provider asks for in one category and country.", directives=READ)
class Rate:
    """A rate; rows of `portal.rates` become it by `of`."""

    category: str = strawberry.field(description="The category, such as sms-outbound.")
    country: CountryCode | None = strawberry.field(description="The country; null: everywhere else.")
    price: Decimal = strawberry.field(description="The price of one `unit`, in the card's currency.")
    unit: str = strawberry.field(description="What the price is of, such as a segment or a minute.")

    @classmethod
    def of(cls, row: RateRow) -> "Rate":
        """The rate in this row."""
        country = None if row.country == ELSEWHERE else CountryCode(row.country)
        return cls(category=row.category, country=country, price=row.price, unit=RATED[row.category])


@strawberry.type(description="What one unit of a rate card's currency is worth in another.", directives=READ)
class ExchangeRate:
    """An exchange rate."""

    currency: CurrencyCode = strawberry.field(description="The other currency.")
    rate: Decimal = strawberry.field(description="How much of it one unit is worth.")


@strawberry.type(
    description="One version of what the provider asks for. It estimates what usage costs, until the provider's final "
    "price is there, and never changes.",
    directives=READ,
)
class RateCard:
    """A card; rows of `portal.rates` become it by `of`."""

    version: int = strawberry.field(description="Its number: the highest is in force.")
    currency: CurrencyCode = strawberry.field(description="The currency of its prices.")
    source: RateSource = strawberry.field(description="Where its prices come from.")
    exchange_rates: list[ExchangeRate] = strawberry.field(description="For plans in other currencies.")
    published_at: datetime = strawberry.field(description="Since when it is or was in force.")
    published_by: str = strawberry.field(description="Who published it.")
    key: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: RateCardRow) -> "RateCard":
        """The card in this row."""
        return cls(
            version=row.version,
            currency=CurrencyCode(row.currency),
            source=row.source,
            exchange_rates=[
                ExchangeRate(currency=CurrencyCode(currency), rate=rate)
                for currency, rate in sorted(row.exchange_rates.items())
            ],
            published_at=row.published_at,
            published_by=row.published_by,
            key=row.id,
        )

    @strawberry.field(description="Its rates by category and country; for all countries they are more than a thousand.")
    async def rates(
        self,
        info: Info,
        category: Annotated[
            str | None, strawberry.argument(description="Of this category alone; of all unless given.")
        ] = None,
    ) -> list[Rate]:
        async def load(keys: list[UUID]) -> list[list[RateRow]]:
            async with info.context.reading_tenants() as tx:
                found = await read_rates(tx, keys)
            return [found[key] for key in keys]

        rows: list[RateRow] = await info.context.loader("rates", load).load(self.key)
        return [Rate.of(row) for row in rows if category in {None, row.category}]


@strawberry.type(description="A rate card in a list.", directives=READ)
class RateCardEdge:
    """A card and its place."""

    cursor: str = strawberry.field(description="The card's place in the list.")
    node: RateCard = strawberry.field(description="The card.")


@strawberry.type(description="A page of rate cards.", directives=READ)
class RateCardConnection:
    """A Relay connection."""

    edges: list[RateCardEdge] = strawberry.field(description="The cards with their cursors.")
    nodes: list[RateCard] = strawberry.field(description="The cards alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[RateCardRow]) -> "RateCardConnection":
        """The connection of a page that was read."""
        nodes = [RateCard.of(row) for row in page.items]
        edges = [RateCardEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


@strawberry.type
class RateCardQueries:
    """The root fields that read rate cards."""

    @strawberry.field(description="The rate card in force, or one version; null where there is none.", directives=READ)
    async def rate_card(
        self,
        info: Info,
        version: Annotated[
            int | None, strawberry.argument(description="Which version; the one in force unless given.")
        ] = None,
    ) -> RateCard | None:
        async with info.context.reading_tenants() as tx:
            row = await read_card(tx, version)
        return None if row is None else RateCard.of(row)

    @strawberry.field(description="All versions of the rate card, the newest first.", directives=READ)
    async def rate_cards(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> RateCardConnection | None:
        async with info.context.reading_tenants() as tx:
            page = await paged(lambda request: read_cards(tx, request), first, after, last, before)
        return RateCardConnection.of(page)


@strawberry.input(description="A rate of the operator's own.")
class RateInput:
    """What is asked for in one category and country."""

    category: str = strawberry.field(description="The category, such as sms-outbound.")
    country: CountryCode | None = strawberry.field(default=None, description="The country; null: everywhere else.")
    price: Decimal = strawberry.field(description="The price of a segment, a minute or a piece.")


@strawberry.input(description="What one unit of the card's currency is worth in another.")
class ExchangeRateInput:
    """An exchange rate."""

    currency: CurrencyCode = strawberry.field(description="The other currency.")
    rate: Decimal = strawberry.field(description="How much of it one unit is worth, more than 0.")


@strawberry.input(description="A rate card to be published.")
class RateCardPublishInput:
    """Where its prices come from, and what else it says."""

    source: RateSource = strawberry.field(description="The provider's list, or a list of one's own.")
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency of a list of one's own; the provider's list has its own."
    )
    rates: list[RateInput] = strawberry.field(
        default_factory=list,
        description=f"The list of one's own, or what stands in place of the provider's prices; at most {MOST_RATES}.",
    )
    countries: list[CountryCode] | None = strawberry.field(
        default=None, description="The countries to read of the provider's list; all of them unless given."
    )
    exchange_rates: list[ExchangeRateInput] = strawberry.field(
        default_factory=list, description="For plans in other currencies."
    )

    def wish(self) -> CardWish:
        """The card as the business takes it."""
        return CardWish(
            source=self.source,
            currency=self.currency,
            rates=tuple(RateRow(one.category, one.country or ELSEWHERE, one.price) for one in self.rates),
            countries=None if self.countries is None else tuple(self.countries),
            exchange_rates=tuple(ExchangeRateRow(one.currency, one.rate) for one in self.exchange_rates),
        )


@strawberry.enum(description="Why a rate card was not published.")
class RateCardPublishErrorCode(Enum):
    """The problems that `rateCardPublish` can have."""

    INVALID = strawberry.enum_value("INVALID", description="A number or a wish is not acceptable.")
    DUPLICATE = strawberry.enum_value("DUPLICATE", description="Something is given twice.")
    UNKNOWN_CATEGORY = strawberry.enum_value("UNKNOWN_CATEGORY", description="There is no such category.")
    UNKNOWN_COUNTRY = strawberry.enum_value(
        "UNKNOWN_COUNTRY", description="There is no such country, or the provider has no prices for it."
    )
    UNKNOWN_CURRENCY = strawberry.enum_value("UNKNOWN_CURRENCY", description="No such currency is in use.")
    ELSEWHERE_MISSING = strawberry.enum_value(
        "ELSEWHERE_MISSING", description="A category has no rate for everywhere else."
    )
    PROVIDER_UNAVAILABLE = strawberry.enum_value(
        "PROVIDER_UNAVAILABLE", description="The provider did not say its prices."
    )


@strawberry.type(description="What is wrong with a rate card to be published.", directives=WRITE)
class RateCardPublishUserError(UserError):
    """One problem."""

    code: RateCardPublishErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `rateCardPublish`.", directives=WRITE)
class RateCardPublishPayload:
    """The card, or errors."""

    errors: list[RateCardPublishUserError] = strawberry.field(description="What is wrong; empty on success.")
    rate_card: RateCard | None = strawberry.field(default=None, description="The card that is in force now.")


@strawberry.type
class RateCardMutations:
    """Publishing rate cards."""

    @strawberry.mutation(
        description="Publish what the provider asks for, as the next version of the rate card. What says the same as "
        "the card in force is not published again, so that it may be repeated.",
        directives=WRITE,
        metadata={APART: True},
    )
    async def rate_card_publish(
        self,
        info: Info,
        input: Annotated[RateCardPublishInput, strawberry.argument(description="The card.")],
    ) -> RateCardPublishPayload | None:
        context = info.context
        published_by = context.principal.actor.name
        version = await publish_rate_card(
            context.database, context.outside.price_lists, input.wish(), published_by, now=context.now
        )
        async with context.reading_tenants() as tx:
            row = await read_card(tx, version)
        return RateCardPublishPayload(rate_card=None if row is None else RateCard.of(row), errors=[])
