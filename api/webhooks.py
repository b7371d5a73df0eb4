"""Twilio's webhooks: proved by their signature, written down, and only then answered."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl
from uuid import UUID

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from auth.forms import FORM, BadFormError, media_type, read_body
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.tenants.accounts import ProviderAccounts
from twilio_gateway.signature import verify

_PATH = "/webhooks/twilio/{tenant_id:uuid}/messages/{message_id:uuid}"
_LARGEST = 64 * 1024  # a status callback has some 20 short fields
_MOST_FIELDS = 200

log = structlog.get_logger(__name__)


def callback_url(public_url: str) -> Callable[[UUID, UUID], str]:
    """Makes the address that a tenant's message is called back at; what it names is settled by it, even unconfirmed."""

    def of(tenant_id: UUID, message_id: UUID) -> str:
        return f"{public_url}/webhooks/twilio/{tenant_id}/messages/{message_id}"

    return of


def webhook_routes(public_url: str, accounts: ProviderAccounts, inbox: CallbackInbox) -> list[Route]:
    """The routes; `public_url` is the configured address that Twilio calls and signs, never a header's claim."""

    async def message_status(request: Request) -> Response:
        tenant_id: UUID = request.path_params["tenant_id"]
        message_id: UUID = request.path_params["message_id"]
        fields = await _form(request)
        secrets = await accounts.secrets(tenant_id)
        query = f"?{request.url.query}" if request.url.query else ""
        genuine = secrets is not None and verify(
            f"{public_url}{request.url.path}{query}",
            fields,
            request.headers.get("x-twilio-signature"),
            secrets.signing_tokens,
        )
        if secrets is None or not genuine or fields.get("AccountSid") != secrets.credentials.account_sid:
            log.warning("webhook_refused", tenant_id=str(tenant_id))
            return Response(status_code=403)
        token = request.headers.get("i-twilio-idempotency-token")
        await inbox.receive(ReceivedCallback(tenant_id, CallbackKind.MESSAGE_STATUS, fields, message_id, token))
        return Response(status_code=204)

    return [Route(_PATH, _answering_503(message_status), methods=["POST"])]


async def _form(request: Request) -> dict[str, str]:
    """The form's fields, bounded before they are parsed; a repeated field is none of Twilio's."""
    if media_type(request) != FORM:
        raise HTTPException(415)
    try:
        body = await read_body(request, largest=_LARGEST)
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MOST_FIELDS)
    except BadFormError as error:
        raise HTTPException(error.status) from error
    except ValueError as error:
        raise HTTPException(400) from error
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in text for pair in pairs for text in pair):
        raise HTTPException(400)
    return fields


def _answering_503(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What could not be written down is not acknowledged: the sweep or a repetition brings it again."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  whatever keeps it from disk
            log.error("webhook_not_stored", error=type(error).__name__)  # noqa: TRY400  a traceback could hold fields
            return Response(status_code=503)

    return answer
