"""The door for payments: what the ISV's own billing signs, by the Standard Webhooks specification, and nothing else."""

import hmac
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from standardwebhooks import Webhook
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.graphql.transport import request_id_of
from auth.forms import BadFormError, media_type, read_body
from portal.actor import Actor, ActorKind
from portal.audit.entries import Origin
from portal.clock import Clock
from portal.database import Database
from portal.invoices.paying import HeardPayment, Paid, PaymentProblem, hear_payment
from portal.money.money import Money
from portal.problems import RefusedError

PATH = "/webhooks/billing"
_LONGEST_ID = 200
_TOLERANCE = timedelta(minutes=5)
_BILLING = Actor(ActorKind.SYSTEM, UUID(int=0), "Billing")
_HEADERS = {"Cache-Control": "no-store"}
_STATUS = {
    PaymentProblem.NOT_FOUND: HTTPStatus.NOT_FOUND,
    PaymentProblem.WRONG_AMOUNT: HTTPStatus.UNPROCESSABLE_ENTITY,
    PaymentProblem.WRONG_STATE: HTTPStatus.CONFLICT,
    PaymentProblem.CONFLICT: HTTPStatus.CONFLICT,
}

log = structlog.get_logger(__name__)

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Payment(BaseModel):
    """What both kinds have."""

    model_config = ConfigDict(hide_input_in_errors=True)

    amount: Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?$")]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    reference: Text
    paid_at: AwareDatetime = Field(alias="paidAt")


class _InvoicePayment(_Payment):
    number: Text


class _CreditsPayment(_Payment):
    lot_id: Text = Field(alias="lotId")


class _InvoicePaid(BaseModel):
    type: Literal["invoice.paid"]
    data: _InvoicePayment


class _CreditsPaid(BaseModel):
    type: Literal["credits.paid"]
    data: _CreditsPayment


_EVENTS: TypeAdapter[_InvoicePaid | _CreditsPaid] = TypeAdapter(
    Annotated[_InvoicePaid | _CreditsPaid, Field(discriminator="type")]
)


class BillingWebhook:
    """Takes payments; without a secret there is no such door."""

    def __init__(self, database: Database, secret: str | None, clock: Clock) -> None:
        self._database = database
        self._webhook = None if secret is None else Webhook(secret)
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """204 where the payment is taken, now or before; else a status of 4xx and why."""
        try:
            heard = await self._heard(request)
            address = request.client.host if request.client else None
            origin = Origin(_BILLING, request_id_of(request.headers), address)
            await hear_payment(self._database, heard, origin, now=self._clock.now())
        except BadFormError as error:
            return PlainTextResponse(f"{error}\n", error.status, _HEADERS)
        except RefusedError as refusal:
            (problem,) = refusal.problems
            return PlainTextResponse(f"{problem.message}\n", _STATUS[PaymentProblem(problem.code)], _HEADERS)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_HEADERS)

    async def _heard(self, request: Request) -> HeardPayment:
        """What a genuine request tells.

        Raises:
            BadFormError: it is not genuine, or cannot be read.
        """
        if self._webhook is None:
            raise BadFormError(404, "Payments are not taken here: BILLING_WEBHOOK_SECRET is not set.")
        if media_type(request) != "application/json":
            raise BadFormError(415, "The body has to be application/json.")
        body = await read_body(request)
        if not self._is_genuine(self._webhook, request, body):
            log.warning("billing_webhook_refused")
            raise BadFormError(401, "This is not signed with our secret, or not just now.")
        try:
            event = _EVENTS.validate_json(body)
        except ValidationError as error:
            raise BadFormError(400, _told(error)) from None
        return _payment(request.headers["webhook-id"], event)

    def _is_genuine(self, webhook: Webhook, request: Request, body: bytes) -> bool:
        """Whether one of the signatures is ours and fresh; the library's own check asks another clock."""
        id, timestamp, signatures = (
            request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
        )
        if not 1 <= len(id) <= _LONGEST_ID or not id.isprintable() or not (timestamp.isascii() and timestamp.isdigit()):
            return False
        try:
            sent, text = datetime.fromtimestamp(int(timestamp), UTC), body.decode()
        except (ValueError, OverflowError, OSError):
            return False
        if abs(sent - self._clock.now()) > _TOLERANCE:
            return False
        own = webhook.sign(id, sent, text).encode()
        return any(hmac.compare_digest(own, one.encode()) for one in signatures.split(" ")[:10])


def _payment(event_id: str, event: _InvoicePaid | _CreditsPaid) -> HeardPayment:
    data = event.data
    paid, about = (Paid.INVOICE, data.number) if isinstance(data, _InvoicePayment) else (Paid.CREDITS, data.lot_id)
    amount = Money(Decimal(data.amount), data.currency)
    return HeardPayment(event_id, paid, about, amount, data.reference, data.paid_at)


def _told(error: ValidationError) -> str:
    """What is wrong with a body, by the places in it; nothing of what it holds."""
    return "; ".join(
        f"{'.'.join(str(step) for step in one['loc']) or 'body'}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    )
