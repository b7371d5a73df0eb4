"""Contacts as CSV, for whoever has an address that `contactExport` gave."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from api.graphql.transport import request_id_of
from portal.clock import Clock
from portal.contacts.exporting import ContactExports, export_lines
from portal.database import Database

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class ContactDownload:
    """Answers a browser that follows a link, and machines alike."""

    def __init__(self, exports: ContactExports, database: Database, clock: Clock) -> None:
        self._exports = exports
        self._database = database
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """The contacts that the address names, some at a time; a stream that breaks off ends the connection early."""
        now = self._clock.now()
        named = self._exports.read(request.path_params["token"], now=now)
        if named is None:
            message = "This address is none, or too old: ask for a new one with contactExport.\n"
            return PlainTextResponse(message, HTTPStatus.NOT_FOUND, _HEADERS)
        tenant_id, only = named
        lines = export_lines(lambda: self._database.for_tenant(tenant_id, read_only=True), only)
        headers = {
            **_HEADERS,
            "Content-Disposition": f'attachment; filename="contacts-{now:%Y-%m-%d}.csv"',
            "X-Request-Id": request_id_of(request.headers),
        }
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
