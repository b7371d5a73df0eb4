"""The tenant's audit log as a file: for keeping, and for verifying what was kept against what is there later."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.graphql.transport import request_id_of
from auth.effective import effective_permissions
from auth.permissions import Permission
from auth.principal import Principal
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.audit.trail import export_lines
from portal.clock import Clock
from portal.database import Database
from portal.encryption import Signer

_HEADERS = {"Cache-Control": "no-store", "Vary": "Cookie, Sec-Fetch-Site"}


class AuditDownload:
    """Answers a browser that opens the address, or follows a link to it on the portal's own page."""

    def __init__(
        self,
        visitor: Callable[[Request], Awaitable[Principal | None]],
        database: Database,
        signer: Signer,
        clock: Clock,
    ) -> None:
        self._visitor = visitor
        self._database = database
        self._signer = signer
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """The log, a page at a time; that it was exported is in it. A stream that breaks off lacks its last line."""
        # `none` is the address bar or a bookmark. What another site starts is refused, and it could not read it anyhow.
        if request.headers.getlist("sec-fetch-site") not in (["same-origin"], ["none"]):
            return _refused(HTTPStatus.FORBIDDEN, "Open the audit log from the portal's own page.")
        principal = await self._visitor(request)
        if principal is None:
            return _refused(HTTPStatus.UNAUTHORIZED, "Sign in first.")
        tenant_id, request_id = principal.tenant_id, request_id_of(request.headers)
        origin = Origin(principal.actor, request_id, request.client.host if request.client else None)
        if tenant_id is None or not await self._may_export(tenant_id, principal, origin):
            return _refused(HTTPStatus.FORBIDDEN, f"This needs the permission {Permission.AUDIT_READ}.")
        lines = export_lines(
            lambda: self._database.for_tenant(tenant_id, read_only=True), self._signer, self._clock, tenant_id
        )
        headers = {**_HEADERS, "Content-Disposition": 'attachment; filename="audit-log.jsonl"'}
        headers["X-Request-Id"] = request_id
        return StreamingResponse(lines, media_type="application/jsonl", headers=headers)

    async def _may_export(self, tenant_id: UUID, principal: Principal, origin: Origin) -> bool:
        """Whether the principal may; then it is written down, before the first line leaves."""
        async with self._database.for_tenant(tenant_id) as tx:
            if Permission.AUDIT_READ not in await effective_permissions(tx, principal):
                return False
            await write_entry(tx, tenant_id, origin, AuditEvent("auditLogExport"), at=self._clock.now())
            return True


def _refused(status: HTTPStatus, message: str) -> Response:
    return PlainTextResponse(f"{message}\n", status, _HEADERS)
