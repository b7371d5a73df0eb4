"""The routes: one for each kind of webhook, all proved and stored in the same way."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.webhooks.addresses import (
    CALL_PATH,
    CALL_RECEIVED_PATH,
    CALL_STATUS,
    MESSAGE_PATH,
    MESSAGE_STATUS,
    OF_ACCOUNTS,
    Body,
    Webhook,
)
from api.webhooks.reading import parse_array, read_fields, read_json
from portal.callbacks.inbox import CallbackInbox, ReceivedCallback
from portal.tenants.accounts import ProviderAccounts, ProviderAccountSecrets
from twilio_gateway.signature import verify, verify_body

log = structlog.get_logger(__name__)


AnswerCall = Callable[[UUID, Mapping[str, str]], Awaitable[str]]
"""Says what to do with a call to a tenant's number, of which this form tells: an XML document."""


def webhook_routes(
    public_url: str, accounts: ProviderAccounts, inbox: CallbackInbox, answer_call: AnswerCall
) -> list[Route]:
    """The routes; `public_url` is the configured address that Twilio calls and signs, never a header's claim."""
    door = _Door(public_url, accounts, inbox)
    return [
        Route(MESSAGE_PATH, door.handler(MESSAGE_STATUS), methods=["POST"]),
        Route(CALL_PATH, door.handler(CALL_STATUS), methods=["POST"]),
        Route(CALL_RECEIVED_PATH, door.call_handler(answer_call), methods=["POST"]),
        *(Route(webhook.path, door.handler(webhook), methods=["POST"]) for webhook in OF_ACCOUNTS),
    ]


class _Door:
    """Lets in what Twilio signed for the tenant that the address names, and nothing else."""

    def __init__(self, public_url: str, accounts: ProviderAccounts, inbox: CallbackInbox) -> None:
        self._public_url = public_url
        self._accounts = accounts
        self._inbox = inbox

    def handler(self, webhook: Webhook) -> Callable[[Request], Awaitable[Response]]:
        """What answers requests of one kind."""
        read = self._form if webhook.body is Body.FORM else self._array

        async def handle(request: Request) -> Response:
            content = await read(request, webhook)
            await self._inbox.receive(
                ReceivedCallback(
                    tenant_id=request.path_params["tenant_id"],
                    kind=webhook.kind,
                    content=content,
                    message_id=request.path_params.get("message_id") or request.path_params.get("call_id"),
                    token=request.headers.get("i-twilio-idempotency-token", "")[:200] or None,
                )
            )
            if webhook.answer is None:
                return Response(status_code=204)
            return Response(webhook.answer, media_type="text/xml")

        return _answering_503(handle)

    def call_handler(self, answer_call: AnswerCall) -> Callable[[Request], Awaitable[Response]]:
        """What answers calls to numbers: Twilio waits for the answer, so nothing is put off to the inbox."""

        async def handle(request: Request) -> Response:
            fields = await self._form(request, CALL_STATUS)
            return Response(await answer_call(request.path_params["tenant_id"], fields), media_type="text/xml")

        return _answering_503(handle)

    async def _form(self, request: Request, webhook: Webhook) -> dict[str, str]:
        fields = await read_fields(request)
        url, signature = self._url(request), request.headers.get("x-twilio-signature")
        own = await self._prove(request, lambda secrets: verify(url, fields, signature, secrets.signing_tokens))
        claimed = fields.get("AccountSid")
        if claimed != own and (webhook.names_account or claimed is not None):
            raise _refused(request)
        return fields

    async def _array(self, request: Request, _: Webhook) -> list[dict[str, Any]]:
        body = await read_json(request)
        url, signature = self._url(request), request.headers.get("x-twilio-signature")
        own = await self._prove(request, lambda secrets: verify_body(url, body, signature, secrets.signing_tokens))
        events = parse_array(body)
        if any(account != own for event in events for account in _accounts_in(event)):
            raise _refused(request)
        return events

    async def _prove(self, request: Request, is_genuine: Callable[[ProviderAccountSecrets], bool]) -> str:
        """The account whose token signed it, which is the one of the tenant that the address names."""
        tenant_id: UUID = request.path_params["tenant_id"]
        secrets = await self._accounts.secrets(tenant_id)
        if secrets is not None and not is_genuine(secrets):
            # Another process may have replaced the token just now.
            secrets = await self._accounts.newer_secrets(tenant_id)
            if secrets is not None and not is_genuine(secrets):
                secrets = None
        if secrets is None:
            raise _refused(request)
        return secrets.credentials.account_sid

    def _url(self, request: Request) -> str:
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._public_url}{request.url.path}{query}"


def _accounts_in(event: Mapping[str, Any]) -> Iterator[object]:
    """Whose an event says that it is: Twilio spells the field in more than one way."""
    for holder in (event, event.get("data")):
        if isinstance(holder, dict):
            yield from (value for name, value in holder.items() if name.lower().replace("_", "") == "accountsid")


def _refused(request: Request) -> HTTPException:
    log.warning("webhook_refused", tenant_id=str(request.path_params["tenant_id"]))
    return HTTPException(403)


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
