"""Making a call: checked and reserved in one transaction; a worker then hands it to the provider."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.calls.charging import CallPrice, OverCap, note_paused, reserve_call
from portal.calls.speech import Speech, wrong_with
from portal.clock import new_id
from portal.contacts.contacts import read_contacts_by_id
from portal.contacts.numbers import NotAPhoneNumberError, parse_number
from portal.contacts.preferences import ContactChannel
from portal.database import TenantTransaction
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.messages.addressees import Addressee, find_addressees
from portal.messages.refusals import RefusalCode
from portal.messages.scheduling import read_quiet_times
from portal.messages.wanted import refusal_of
from portal.plans.plans import PlanRow, read_tenant_plan
from portal.plans.reserving import tell_capped
from portal.problems import Problem, RefusedButNotedError, refuse
from portal.shield.areas import TrafficKind
from portal.shield.screening import observe, paused
from portal.tenants.settings import read_settings
from portal.tenants.tenants import TenantState

OPERATION = "callMake"


class CallProblem(StrEnum):
    """Why a call is not made; it costs nothing."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    INVALID_NUMBER = "INVALID_NUMBER"
    TENANT_NOT_ACTIVE = "TENANT_NOT_ACTIVE"
    NO_SENDER = "NO_SENDER"
    OPTED_OUT = "OPTED_OUT"
    PREFERENCE = "PREFERENCE"
    QUIET_HOURS = "QUIET_HOURS"
    COUNTRY_NOT_IN_PLAN = "COUNTRY_NOT_IN_PLAN"
    PAUSED = "PAUSED"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One call; the same key with the same request has one effect, however often it comes."""

    idempotency_key: str
    contact_id: UUID | None  # a contact, or else a number
    number: str | None
    speech: Speech
    sender_id: UUID | None  # None: the tenant's first number that can call
    topic: str | None = None  # one of the tenant's: who declined it is not called
    respects_quiet_hours: bool = True

    @property
    def place(self) -> str:
        """Where in the request it says whom to call."""
        return "number" if self.contact_id is None else "contactId"


@dataclass(frozen=True, slots=True)
class CallResult:
    """The call that was made, now or when the same request came first."""

    call_id: UUID
    replay: bool


async def make_call(tx: TenantTransaction, request: CallRequest, actor: Actor, *, now: datetime) -> CallResult:
    """Accept a call, as far as the person called, the plan and the spend cap allow it.

    Raises:
        RefusedError: nothing is accepted; the problem says why and where.
    """
    once = _idempotent(request, actor)
    earlier = await find_result(tx, once)
    if earlier is not None:
        return CallResult(earlier, replay=True)
    wrong = wrong_with(request.speech.text)
    if wrong is not None:
        raise refuse(CallProblem.INVALID, wrong, "announcement")
    sender = await _sender(tx, request.sender_id)
    addressee = await _addressee(tx, request, now=now)
    plan = await _plan(tx, now=now)
    if plan.countries and addressee.country not in plan.countries:
        message = "The plan does not reach this person's country."
        raise refuse(CallProblem.COUNTRY_NOT_IN_PLAN, message, request.place)
    if await paused(tx, TrafficKind.CALL, [addressee.number], now=now):
        await note_paused(tx, TrafficKind.CALL, plan, addressee.number, addressee.country, now=now)
        message = "Calls there are paused, since they look like fraud."
        raise RefusedButNotedError([Problem(CallProblem.PAUSED, message, (request.place,))])
    seconds = request.speech.seconds
    price = await reserve_call(tx, plan, addressee.country, seconds, least=seconds, now=now)
    if isinstance(price, OverCap):
        await tell_capped(tx, price.spend, now=now)
        message = "This call would go over your spend cap of this month."
        raise RefusedButNotedError([Problem(CallProblem.SPEND_CAP_REACHED, message)])
    call_id = new_id(now)
    await keep_result(tx, once, call_id, now=now)
    await _write(tx, call_id, request.speech, sender, addressee, price, actor, now=now)
    await observe(tx, TrafficKind.CALL, [addressee.number], plan.terms.currency, now=now)
    return CallResult(call_id, replay=False)


def _idempotent(request: CallRequest, actor: Actor) -> IdempotentRequest:
    asked = {
        "contact": str(request.contact_id),
        "number": request.number,
        "announcement": request.speech.text,
        "language": request.speech.language.value,
        "sender": str(request.sender_id),
        "topic": request.topic,
        "respects_quiet_hours": request.respects_quiet_hours,
    }
    return IdempotentRequest(OPERATION, actor, request.idempotency_key, asked)


async def _sender(tx: TenantTransaction, sender_id: UUID | None) -> str:
    row = await tx.row(
        "SELECT state, (SELECT number FROM number WHERE tenant_id = $1 AND ready AND 'VOICE' = ANY(capabilities) "
        "AND ($2::uuid IS NULL OR id = $2) ORDER BY id LIMIT 1) AS number FROM tenant WHERE id = $1",
        tx.tenant_id,
        sender_id,
    )
    if row is None or row["state"] != TenantState.ACTIVE:
        raise refuse(CallProblem.TENANT_NOT_ACTIVE, "Sending is stopped for this company: ask support.")
    if row["number"] is None and sender_id is not None:
        message = "There is no such number of yours that is ready to call from."
        raise refuse(CallProblem.NOT_FOUND, message, "senderId")
    if row["number"] is None:
        raise refuse(CallProblem.NO_SENDER, "There is no number to call from yet: finish the onboarding first.")
    return str(row["number"])


async def _addressee(tx: TenantTransaction, request: CallRequest, *, now: datetime) -> Addressee:
    number = await _number(tx, request)
    addressee = (await find_addressees(tx, [number]))[number]
    if request.topic is not None and request.topic not in (await read_settings(tx)).topics:
        raise refuse(CallProblem.INVALID, f"“{request.topic}” is none of the topics in your settings.", "topic")
    refused = refusal_of(addressee.consumer, request.topic, ContactChannel.VOICE)
    if refused is not None:
        codes = {
            RefusalCode.OPTED_OUT: CallProblem.OPTED_OUT,
            RefusalCode.PREFERENCE: CallProblem.PREFERENCE,
            RefusalCode.INVALID_NUMBER: CallProblem.INVALID_NUMBER,
        }
        raise refuse(codes[refused[0]], refused[1], request.place)
    if request.respects_quiet_hours:
        allowed = (await read_quiet_times(tx)).next_allowed(number, addressee.consumer.quiet, now)
        if allowed != now:
            raise refuse(CallProblem.QUIET_HOURS, _quiet(allowed), request.place)
    return addressee


def _quiet(until: datetime | None) -> str:
    told = "This person wants to hear nothing now, or your own quiet hours hold"
    return f"{told}." if until is None else f"{told}: call from {until:%Y-%m-%dT%H:%M:%SZ} on."


async def _number(tx: TenantTransaction, request: CallRequest) -> str:
    if (request.contact_id is None) == (request.number is None):
        raise refuse(CallProblem.INVALID, "Give a contact or a number, not both and not neither.", "contactId")
    if request.contact_id is not None:
        contact = (await read_contacts_by_id(tx, [request.contact_id])).get(request.contact_id)
        if contact is None:
            raise refuse(CallProblem.NOT_FOUND, "There is no such contact.", "contactId")
        return contact.number
    try:
        return parse_number(request.number or "").e164
    except NotAPhoneNumberError as error:
        message = f"This is no phone number: {error}. Write it like +1 202 555 0143."
        raise refuse(CallProblem.INVALID_NUMBER, message, "number") from error


async def _plan(tx: TenantTransaction, *, now: datetime) -> PlanRow:
    held = await read_tenant_plan(tx, now=now)
    if held is None:
        raise refuse(CallProblem.NO_SENDER, "There is no plan yet: finish the onboarding first.")
    return held.plan


async def _write(
    tx: TenantTransaction,
    call_id: UUID,
    speech: Speech,
    sender: str,
    addressee: Addressee,
    price: CallPrice,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    await tx.execute(
        "INSERT INTO call (tenant_id, id, direction, status, status_at, sender_number, recipient_number, "
        "recipient_country, contact_id, announcement, language, most_seconds, actor_kind, actor_name, minute_price, "
        "price, spend_id, due_at, created_at) "
        "VALUES ($1, $2, 'OUTBOUND', 'QUEUED', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $3, $3)",
        tx.tenant_id,
        call_id,
        now,
        sender,
        addressee.number,
        addressee.country,
        addressee.contact_id,
        speech.text,
        speech.language.value,
        price.seconds,
        actor.kind.value,
        actor.name,
        price.minute,
        price.reserved,
        price.spend_id,
    )
