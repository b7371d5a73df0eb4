"""Accepting a send: everything that is promised is written in one transaction, and nothing waits for the provider."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id, written
from portal.database import TenantTransaction
from portal.idempotency import IdempotencyProblem, IdempotentRequest, find_result, keep_result
from portal.messages.accepting import Acceptance, accept
from portal.messages.addressees import Recipients
from portal.messages.composing import Composed, Composition, compose, limit_to
from portal.messages.refusals import Refusal, RefusalCode, SendProblem
from portal.messages.scheduling import AT_ONCE, Timing, as_if_fired, set_times
from portal.messages.screening import Screening, screen
from portal.messages.senders import find_sender
from portal.money.money import Money
from portal.plans.allowance import Allowance
from portal.plans.balances import LockedBalance, lock_balance
from portal.plans.reserving import lock_means, read_means, tell_capped
from portal.policy.rules import PolicyVerdict, advice_on
from portal.problems import Problem, RefusedError, refuse

OPERATION = "messageSend"


class RecipientsRefusedError(RefusedError):
    """Some recipients are refused, and then nobody was to get anything."""

    def __init__(self, problems: Sequence[Problem], refusals: Sequence[Refusal]) -> None:
        super().__init__(problems)
        self.refusals = tuple(refusals)


class OnRefusal(StrEnum):
    """What to do when some recipients are refused."""

    SEND_REST = "SEND_REST"
    SEND_NONE = "SEND_NONE"


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One send; the same key with the same request has one effect, however often it comes."""

    idempotency_key: str
    composition: Composition
    on_refusal: OnRefusal
    operation: str = OPERATION  # the mutation, whose keys are its own
    sender: str | None = None  # the tenant's number that it had better be from
    timing: Timing = AT_ONCE


@dataclass(frozen=True, slots=True)
class SendResult:
    """The batch that the send made, now or when the same request came first."""

    batch_id: UUID
    replay: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a send would do; `price` is the most that it may come to."""

    composed: Composed
    allowance_after: Allowance
    price: Money
    verdicts: Sequence[PolicyVerdict]


async def estimate(
    tx: TenantTransaction, composition: Composition, timing: Timing, *, now: datetime
) -> Estimate | None:
    """Compose without writing, what waits for its time as if that had come; None before the tenant has a plan.

    Raises:
        RefusedError: as `send` does.
    """
    means = await read_means(tx, now=now)
    if means is None:
        return None
    if composition.sender_id is not None:
        await find_sender(tx, composition.channel, sender_id=composition.sender_id)
    budget = means.budget
    composed = as_if_fired(await set_times(tx, await compose(tx, composition), timing, now=now))
    screening = await screen(tx, composed, means.card, now=now)
    composed, _ = limit_to(composed, means.plan, means.card, budget, screening)
    after = means.allowance.after(budget.units, budget.from_credits)
    return Estimate(composed, after, Money(budget.price, means.plan.terms.currency), screening.verdicts())


async def send(tx: TenantTransaction, request: SendRequest, actor: Actor, *, now: datetime) -> SendResult:
    """Accept messages for all who may get one; who may not is written down with the reason.

    Raises:
        RefusedError: nothing is accepted; the problems say why and where.
    """
    once = _idempotent(request, actor)
    earlier = await find_result(tx, once)
    if earlier is not None:
        return SendResult(earlier, replay=True)
    composition = request.composition
    if any(one.size is None for one in composition.media):  # its key was there a moment ago, and went meanwhile
        raise refuse(IdempotencyProblem.IDEMPOTENCY_IN_PROGRESS, "Ask again with the same key.", "idempotencyKey")
    sender = await find_sender(tx, composition.channel, request.sender, sender_id=composition.sender_id)
    composed = await set_times(tx, await compose(tx, composition), request.timing, now=now)
    balance = await lock_balance(tx, now=now)
    if balance is None:
        raise refuse(SendProblem.NO_SENDER, "There is no plan yet: finish the onboarding first.")
    screening = await screen(tx, composed, balance.card, now=now)
    _check_policy(screening, request.composition)
    means = await lock_means(tx, balance, _units(composed, balance), now=now)
    composed, charges = limit_to(composed, means.plan, means.card, means.budget, screening)
    if composed.refusals and request.on_refusal is OnRefusal.SEND_NONE:
        problems = [_as_problem(one, composition.recipients) for one in composed.refusals]
        raise RecipientsRefusedError(problems, composed.refusals)
    batch_id = new_id(now)
    await keep_result(tx, once, batch_id, now=now)
    acceptance = Acceptance(
        batch_id,
        composed,
        charges,
        means,
        sender,
        actor,
        asked=composition.recipients,
        respects_quiet_hours=request.timing.respects_quiet_hours,
        topic=composed.topic,
        media=composition.media,
    )
    await accept(tx, acceptance, now=now)
    if means.spend is not None and any(one.code is RefusalCode.SPEND_CAP_REACHED for one in composed.refusals):
        await tell_capped(tx, means.spend, now=now)
    await screening.shield.write(tx, means.plan.terms.currency, now=now)  # behind all alerts
    return SendResult(batch_id, replay=False)


def _check_policy(screening: Screening, composition: Composition) -> None:
    rules = sorted(screening.failed_by_all())
    if rules:
        place = "body" if composition.template_id is None else "templateId"
        raise RefusedError([Problem(SendProblem.POLICY, advice_on(rule), (place,)) for rule in rules])


def _units(composed: Composed, balance: LockedBalance) -> int:
    unit = balance.allowance.unit
    return sum(recipient.units(unit) for _, recipient in composed.recipients if recipient.send_at is None)


def _idempotent(request: SendRequest, actor: Actor) -> IdempotentRequest:
    composition = request.composition
    recipients = composition.recipients
    asked: dict[str, Any] = {
        "contacts": [str(contact_id) for contact_id in recipients.contact_ids],
        "numbers": list(recipients.numbers),
        "tags": [str(tag_id) for tag_id in recipients.tag_ids],
        "only": None if recipients.only is None else asdict(recipients.only),
        "counterpart": recipients.counterpart,
        "template": str(composition.template_id),
        "body": composition.body,
        "variables": dict(composition.variables),
        "sender": str(composition.sender_id),
        "topic": composition.topic,
        **({"media": [one.url for one in composition.media]} if composition.media else {}),
        "smart_encoding": composition.smart_encoding,
        "send_at": request.timing.send_at and written(request.timing.send_at),
        "respects_quiet_hours": request.timing.respects_quiet_hours,
        "on_refusal": request.on_refusal.value,
    }
    return IdempotentRequest(request.operation, actor, request.idempotency_key, asked)


def _as_problem(refusal: Refusal, asked: Recipients) -> Problem:
    place = ("recipients", *asked.place_of(refusal.index))
    return Problem(SendProblem.RECIPIENTS_REFUSED, refusal.message, place)
