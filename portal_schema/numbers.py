"""The tenant's numbers in the schema."""

from decimal import Decimal

import strawberry

from auth.permissions import Permission
from portal.calls.speech import SpeechLanguage
from portal.contacts.numbers import country_of
from portal.database.keyset import Page
from portal.messages.pace import rate_of
from portal.numbers.kinds import NumberCapability, NumberKind, kind_of
from portal.numbers.numbers import NumberRow, VoiceAction, read_numbers, read_numbers_by_id
from portal.numbers.numbers import VoiceRule as Rule
from portal_schema.connections import After, Before, First, Last, PageInfo, paged
from portal_schema.context import Info
from portal_schema.enums import describe
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.scalars import CountryCode, PhoneNumber

READ = requires(Permission.NUMBERS_READ)

describe(
    NumberKind,
    "Which numbers of its country's plan a number is one of.",
    LOCAL="A number of a place; in North America, where they look alike, a mobile one too.",
    MOBILE="A mobile number.",
    TOLL_FREE="A number whose callers do not pay.",
    SHORT_CODE="A short number for messages in great numbers.",
)
describe(
    NumberCapability,
    "What a number can be used for.",
    SMS="Messages of text.",
    MMS="Messages with media.",
    VOICE="Calls.",
)
describe(
    VoiceAction,
    "What becomes of a call to a number.",
    FORWARD="Another number is called, and the two are connected.",
    ANNOUNCE="The announcement is said, and the call ends.",
    REJECT="It is not answered, and costs nothing.",
)


@strawberry.type(description="How calls to a number are answered.", directives=READ)
class VoiceRule:
    """A rule as the tenant set it."""

    action: VoiceAction = strawberry.field(description="What becomes of a call.")
    forward_to: PhoneNumber | None = strawberry.field(description="Who is called instead; null unless forwarded.")
    announcement: str | None = strawberry.field(
        description="What is said to the caller: with ANNOUNCE always, with FORWARD where it may not be forwarded."
    )
    language: SpeechLanguage | None = strawberry.field(description="The language that it is read in.")

    @classmethod
    def of(cls, rule: Rule) -> "VoiceRule":
        """The rule as the schema shows it."""
        to = PhoneNumber(rule.forward_to) if rule.forward_to else None
        speech = rule.speech
        return cls(
            action=rule.action,
            forward_to=to,
            announcement=speech.text if speech else None,
            language=speech.language if speech else None,
        )


@strawberry.type(description="A number of the tenant's own.", directives=READ)
class Number(Node):
    """A number; rows of `portal.numbers` become it by `of`."""

    number: PhoneNumber = strawberry.field(description="The number.")
    label: str = strawberry.field(description="What the tenant calls it.")
    kind: NumberKind = strawberry.field(description="Which numbers of its country's plan it is one of.")
    capabilities: list[NumberCapability] = strawberry.field(description="What it can be used for.")
    country: CountryCode = strawberry.field(description="Its country; 001 for a number of no country.")
    ready: bool = strawberry.field(description="Whether it may send: not before its registration is through.")
    throughput: Decimal = strawberry.field(description="How many segments a second it may send.")
    voice: VoiceRule | None = strawberry.field(
        description="How calls to it are answered; null where nothing was set, and then they are rejected."
    )

    @classmethod
    def of(cls, row: NumberRow) -> "Number":
        """The number in this row."""
        return cls(
            id=to_global("Number", row.id),
            number=PhoneNumber(row.number),
            label=row.label,
            kind=kind_of(row.number),
            capabilities=list(row.capabilities),
            country=CountryCode(country_of(row.number) or "001"),
            ready=row.ready,
            throughput=rate_of(row.number, row.segments_per_second),
            voice=VoiceRule.of(row.voice) if row.voice else None,
        )


@strawberry.type(description="A number in a list.", directives=READ)
class NumberEdge:
    """A number and its place."""

    cursor: str = strawberry.field(description="The number's place in the list.")
    node: Number = strawberry.field(description="The number.")


@strawberry.type(description="A page of numbers.", directives=READ)
class NumberConnection:
    """A Relay connection."""

    edges: list[NumberEdge] = strawberry.field(description="The numbers with their cursors.")
    nodes: list[Number] = strawberry.field(description="The numbers alone.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")

    @classmethod
    def of(cls, page: Page[NumberRow]) -> "NumberConnection":
        """The connection of a page that was read."""
        nodes = [Number.of(row) for row in page.items]
        edges = [NumberEdge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))


async def find_number(info: Info, given: str) -> Number | None:
    """The number of this global id, or None."""
    key = from_global("Number", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = (await read_numbers_by_id(tx, [key])).get(key)
    return None if row is None else Number.of(row)


@strawberry.type
class NumberQueries:
    """The root field that reads numbers."""

    @strawberry.field(description="The tenant's own numbers, those that it got first first.", directives=READ)
    async def numbers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> NumberConnection | None:
        page = await paged(lambda request: read_numbers(info.context.tx, request), first, after, last, before)
        return NumberConnection.of(page)
