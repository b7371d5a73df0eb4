"""An invoice's files: PDF, CSV, and the bill with its usage snapshot, for whoever may see the invoice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.downloading import HEADERS, refused, who_downloads
from api.graphql.transport import request_id_of
from auth.authentication import AuthenticationError, Authenticator
from auth.effective import effective_permissions, permissions_of_staff
from auth.permissions import Permission
from auth.principal import Principal, PrincipalKind
from portal.database import Database, DatabaseRole, Transaction
from portal.global_ids import split_global
from portal.invoices.documents import csv_of, pdf
from portal.invoices.files import InvoiceFiles, read_files

_TYPES = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}
_AT_ONCE = 2  # PDFs that are set side by side: each takes a processor


class InvoiceDownload:
    """Answers a browser that follows a link on the portal's own page, and machines with an access token."""

    def __init__(self, authenticator: Authenticator, database: Database, seller: str) -> None:
        self._authenticator = authenticator
        self._database = database
        self._seller = seller
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """The file that the address names: an invoice's id, and its form as the ending."""
        try:
            principal = await who_downloads(self._authenticator, request)
        except AuthenticationError as error:
            return refused(error.status, error.message, error.headers)
        kind, key = split_global(request.path_params["id"]) or ("", None)
        ending = request.path_params["ending"]
        async with self._reading(principal) as tx:
            if tx is None:
                return refused(HTTPStatus.FORBIDDEN, f"This needs the permission {Permission.BILLING_READ}.")
            found = await self._find(tx, principal, key) if kind == "Invoice" and ending in _TYPES else None
        if found is None:
            return refused(HTTPStatus.NOT_FOUND, "There is no such invoice.")
        headers = {
            **HEADERS,
            "Content-Disposition": f'attachment; filename="{_name(found)}.{ending}"',
            "X-Request-Id": request_id_of(request.headers),
            "X-Content-Type-Options": "nosniff",
        }
        return Response(await self._content(found, ending), media_type=_TYPES[ending], headers=headers)

    @asynccontextmanager
    async def _reading(self, principal: Principal) -> AsyncIterator[Transaction | None]:
        """A transaction that reaches the invoices that the principal may see, or None where it may see none."""
        if principal.kind is PrincipalKind.ISV_OPERATOR:
            async with self._database.as_role(DatabaseRole.OPERATOR, read_only=True) as across:
                may = permissions_of_staff(principal) >= {Permission.BILLING_READ, Permission.ECONOMICS_READ}
                yield across if may else None
        elif principal.tenant_id is None or principal.is_staff:
            yield None
        else:
            async with self._database.for_tenant(principal.tenant_id, read_only=True) as own:
                yield own if Permission.BILLING_READ in await effective_permissions(own, principal) else None

    async def _find(self, tx: Transaction, principal: Principal, key: UUID | None) -> InvoiceFiles | None:
        if key is None:
            return None
        return await read_files(tx, key, self._seller, with_cost=principal.kind is PrincipalKind.ISV_OPERATOR)

    async def _content(self, found: InvoiceFiles, ending: str) -> bytes:
        if ending == "json":
            return found.bill()
        if ending == "csv":
            return csv_of(found.document).encode()
        async with self._turns:
            return await asyncio.to_thread(pdf, found.document)


def _name(found: InvoiceFiles) -> str:
    invoice = found.document.invoice
    return invoice.number or f"draft-{invoice.month:%Y-%m}"
