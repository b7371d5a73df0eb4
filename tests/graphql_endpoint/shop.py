"""A small schema that holds what an endpoint can meet: connections, slow and failing resolvers, mutations."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from auth.authentication import AuthenticationError
from auth.principal import Principal, PrincipalKind
from portal.clock import SystemClock, new_id
from portal_schema.directives import Cost
from portal_schema.errors import ErrorCode, RequestError

SECRET = "SK-5f1e-secret-token"  # what no answer and no log may show
Size = NewType("Size", str)


@dataclass
class Context:
    """What the endpoint gives to resolvers: who asks, and the server's books."""

    principal: Principal
    request_id: str
    books: "Books"


@dataclass
class Books:
    """What happened on the server, for tests to read, and the switches that tests turn."""

    begun: list[tuple[str, OperationType, str]] = field(default_factory=list)
    ended: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    renamed: list[str] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    refuse_with: RequestError | None = None
    fail_on: str | None = None

    async def next_end(self) -> str:
        """How the next operation's context ends."""
        async with asyncio.timeout(5):
            return await self.ended.get()

    @asynccontextmanager
    async def context(
        self, principal: Principal, kind: OperationType, request_id: str, _: str | None
    ) -> AsyncIterator[Context]:
        """Stands where the portal opens its transaction."""
        if self.refuse_with:
            raise self.refuse_with
        if self.fail_on == "begin":
            raise ConnectionError(SECRET)
        self.begun.append((principal.name, kind, request_id))
        try:
            yield Context(principal, request_id, self)
        except BaseException as error:
            self.ended.put_nowait(type(error).__name__)
            raise
        if self.fail_on == "commit":
            raise ConnectionError(SECRET)
        self.ended.put_nowait("committed")


async def authenticate(request: Request) -> Principal:
    """Anybody whose token is a name."""
    scheme, _, name = request.headers.get("authorization", "").partition(" ")
    name = name or request.cookies.get("session", "")
    if scheme not in {"", "Bearer"} or not name.isalpha():
        raise AuthenticationError(401, "UNAUTHENTICATED", "Sign in.", {"WWW-Authenticate": "Bearer"})
    return Principal(PrincipalKind.MEMBER, new_id(SystemClock().now()), name, None, None)


def _size(value: object) -> Size:
    if value not in {"S", "M", "L"}:
        raise ValueError("not a size")
    return Size(str(value))


@strawberry.interface
class Thing:
    name: str


@strawberry.type
class Wheel(Thing):
    inches: int

    @strawberry.field
    def bad_leaf(self) -> int | None:
        return SECRET  # type: ignore[return-value]  # what the test is about


def _wheels(bike: str) -> list[Wheel]:
    return [Wheel(name=f"{bike} {place}", inches=28) for place in ("front", "back")]


@strawberry.type
class Bike(Thing):
    size: Size
    history: str = strawberry.field(default="new", directives=[Cost(weight=7)])

    @strawberry.field
    def wheels(self) -> list[Wheel]:
        return _wheels(self.name)

    @strawberry.field
    async def owner(self) -> "Shop":
        await asyncio.sleep(0)
        return Shop(name="Owl")

    @strawberry.field
    def parts(self, first: int | None = None, last: int | None = None) -> "WheelConnection":
        return WheelConnection(nodes=_wheels(self.name)[: first or last], page_info=PageInfo(has_next_page=False))


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class WheelConnection:
    nodes: list[Wheel]
    page_info: PageInfo


@strawberry.type
class BikeEdge:
    cursor: str
    node: Bike


@strawberry.type
class BikeConnection:
    edges: list[BikeEdge]
    nodes: list[Bike]
    page_info: PageInfo


@strawberry.type
class Shop(Thing):
    @strawberry.field
    def bikes(self, first: int | None = None, last: int | None = None) -> BikeConnection:
        bikes = [Bike(name=f"Bike {n}", size=Size("M")) for n in range(min(first or last or 3, 5))]
        edges = [BikeEdge(cursor=bike.name, node=bike) for bike in bikes]
        return BikeConnection(edges=edges, nodes=bikes, page_info=PageInfo(has_next_page=False))

    @strawberry.field
    def shop(self) -> "Shop":
        return Shop(name=self.name)

    @strawberry.field
    def required(self) -> str:
        raise KeyError(SECRET)


@strawberry.type
class Query:
    @strawberry.field
    def shop(self) -> Shop | None:
        return Shop(name="Owl")

    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello, {name}"

    @strawberry.field
    def double(self, number: int = 1) -> int:
        return 2 * number

    @strawberry.field
    def fitting(self, size: Size) -> Bike:
        return Bike(name="Fitting", size=size)

    @strawberry.field
    def whoami(self, info: Info[Context, None]) -> str:
        return f"{info.context.principal.name} {info.context.request_id}"

    @strawberry.field
    async def whoami_later(self, info: Info[Context, None]) -> str:
        await asyncio.sleep(0)
        return f"{info.context.principal.name} {info.context.request_id}"

    @strawberry.field
    def echo(self, value: strawberry.scalars.JSON) -> strawberry.scalars.JSON:
        return value

    @strawberry.field
    def price(self) -> Decimal:
        return Decimal("49.90")

    @strawberry.field
    def things(self) -> list[Thing]:
        return [Shop(name="Owl"), Bike(name="Bike", size=Size("L")), Wheel(name="Wheel", inches=26)]

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError(f"duplicate key: {SECRET}") from KeyError(SECRET)

    @strawberry.field
    async def boom_later(self) -> str | None:
        await asyncio.sleep(0)
        raise GraphQLError(f"twilio said {SECRET}", extensions={"sid": SECRET})

    @strawberry.field
    def returned(self) -> str | None:
        return RuntimeError(SECRET)  # type: ignore[return-value]  # what the test is about

    @strawberry.field
    def absent(self) -> Shop | None:
        raise RequestError(ErrorCode.NOT_FOUND, "There is no such object.")

    @strawberry.field
    def forbidden(self) -> str | None:
        raise RequestError(ErrorCode.FORBIDDEN, "Not for you.", requiredScopes=["messages:send"])

    @strawberry.field
    async def slow(self, info: Info[Context, None]) -> str:
        return await _wait(info.context.books)


@strawberry.input
class RenameInput:
    name: str
    sizes: list[Size] = strawberry.field(default_factory=list)


@strawberry.type
class RenamePayload:
    shop: Shop | None


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, info: Info[Context, None], input: RenameInput) -> RenamePayload:
        info.context.books.renamed.append(input.name)
        return RenamePayload(shop=Shop(name=input.name))

    @strawberry.mutation
    async def slow_rename(self, info: Info[Context, None], name: str) -> str:
        await _wait(info.context.books)
        info.context.books.renamed.append(name)
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


async def _wait(books: Books) -> str:
    books.entered.set()
    await books.released.wait()
    return "done"


def make_schema(**options: Any) -> strawberry.Schema:
    """A new schema object of these types."""
    scalar: Callable[..., Any] = strawberry.scalar
    config = StrawberryConfig(scalar_map={Size: scalar(name="Size", serialize=str, parse_value=_size)})
    types = [Bike, Wheel, Shop]
    return strawberry.Schema(Query, Mutation, Subscription, types=types, config=config, **options)


schema = make_schema()
