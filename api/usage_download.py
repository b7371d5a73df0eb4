"""Usage of any range as CSV, a row for each day and category, for whoever may see it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.downloading import HEADERS, refused, who_downloads
from api.graphql.transport import request_id_of
from auth.authentication import AuthenticationError, Authenticator
from auth.effective import effective_permissions, permissions_of_staff
from auth.permissions import Permission
from auth.principal import Principal, PrincipalKind
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction
from portal.global_ids import split_global
from portal.problems import RefusedError
from portal.usage.exporting import Export, export_lines
from portal.usage.periods import Days, UsageBucketSize, checked

_HOW = "Ask for days as /usage.csv?from=2026-11-01&until=2026-12-01: until is the first day that is not in it"


class _WrongAddressError(Exception):
    """The address asks for nothing that there could be."""


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whose usage somebody may see, and which permissions they hold there."""

    tenant_id: UUID
    permissions: frozenset[Permission]


class UsageDownload:
    """Answers a browser that follows a link on the portal's own page, and machines with an access token."""

    def __init__(self, authenticator: Authenticator, database: Database, clock: Clock) -> None:
        self._authenticator = authenticator
        self._database = database
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """The days that the address names; the operator also names a tenant. Money only for those who may see it."""
        try:
            principal = await who_downloads(self._authenticator, request)
        except AuthenticationError as error:
            return refused(error.status, error.message, error.headers)
        is_operator = principal.kind is PrincipalKind.ISV_OPERATOR
        try:
            days = _days(request.query_params, {"from", "until", *(("tenant",) if is_operator else ())})
        except _WrongAddressError as error:
            return refused(HTTPStatus.BAD_REQUEST, str(error))
        reach = await self._reach(principal, request.query_params.get("tenant", ""))
        if reach is None:
            return refused(HTTPStatus.NOT_FOUND, "There is no such tenant: name one as &tenant=, by its id.")
        if Permission.USAGE_READ not in reach.permissions:
            return refused(HTTPStatus.FORBIDDEN, f"This needs the permission {Permission.USAGE_READ}.")
        asked = Export(
            reach.tenant_id,
            days,
            with_price=Permission.BILLING_READ in reach.permissions,
            with_cost=Permission.ECONOMICS_READ in reach.permissions,
        )
        lines = export_lines(lambda: self._reading(reach.tenant_id, principal), asked, now=self._clock.now())
        headers = {
            **HEADERS,
            "Content-Disposition": f'attachment; filename="usage-{days.first}-{days.until}.csv"',
            "X-Request-Id": request_id_of(request.headers),
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    async def _reach(self, principal: Principal, named: str) -> _Reach | None:
        """Where somebody reads: the operator in the tenant that it names, or None; others in their own alone."""
        if principal.kind is PrincipalKind.ISV_OPERATOR:
            kind, key = split_global(named) or ("", None)
            async with self._database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
                there = kind == "Tenant" and await tx.value("SELECT true FROM tenant WHERE id = $1", key)
            return _Reach(key, permissions_of_staff(principal)) if there and key is not None else None
        if principal.tenant_id is None or principal.is_staff:
            return _Reach(UUID(int=0), frozenset())
        async with self._database.for_tenant(principal.tenant_id, read_only=True) as own:
            return _Reach(principal.tenant_id, await effective_permissions(own, principal))

    @asynccontextmanager
    async def _reading(self, tenant_id: UUID, principal: Principal) -> AsyncIterator[Transaction]:
        role = DatabaseRole.OPERATOR if principal.is_staff else DatabaseRole.APP
        async with self._database.for_tenant(tenant_id, role=role, read_only=True) as tx:
            yield tx


def _days(given: QueryParams, known: set[str]) -> Days:
    """The days in an address; raises where it names none, or anything else."""
    names = [name for name, _ in given.multi_items()]
    if set(names) - known or len(names) != len(set(names)):
        raise _WrongAddressError(f"{_HOW}. There is nothing else to ask for, and each of it once.")
    days = Days(_day(given, "from"), _day(given, "until"))
    try:
        return checked(days, UsageBucketSize.WHOLE)
    except RefusedError as refusal:
        raise _WrongAddressError(refusal.problems[0].message) from refusal


def _day(given: QueryParams, name: str) -> date:
    try:
        return date.fromisoformat(given.get(name, ""))
    except ValueError:
        raise _WrongAddressError(f"{_HOW}; `{name}` is no day of the calendar.") from None
