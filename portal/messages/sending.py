"""Accepting a send: everything that is promised is written in one transaction, and nothing waits for the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.conversations.keywords import Keyword
from portal.database import TenantTransaction
from portal.idempotency import IdempotentRequest, find_result, keep_result
from portal.messages.composing import Composed, Composition, Recipient, compose, limit_to
from portal.messages.models import MessageBatch
from portal.messages.refusals import Refusal, RefusalCode, SendProblem
from portal.money.money import Money
from portal.plans.allowance import Allowance
from portal.plans.balances import LockedBalance, lock_balance
from portal.plans.charging import Charge
from portal.plans.reserving import LockedMeans, lock_means, read_means, reserve, tell_capped
from portal.plans.spend import reserve_spend
from portal.problems import Problem, RefusedError, refuse
from portal.tenants.tenants import TenantState

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


async def estimate(tx: TenantTransaction, composition: Composition, *, now: datetime) -> Estimate | None:
    """Compose without writing; None before the tenant has a plan.

    Raises:
        RefusedError: as `send` does.
    """
    means = await read_means(tx, now=now)
    if means is None:
        return None
    budget = means.budget
    composed, _ = limit_to(await compose(tx, composition), means.plan, means.card, budget)
    after = means.allowance.after(budget.units, budget.from_credits)
    return Estimate(composed, after, Money(budget.price, means.plan.terms.currency))


async def send(tx: TenantTransaction, request: SendRequest, actor: Actor, *, now: datetime) -> SendResult:
    """Accept messages for all who may get one; who may not is written down with the reason.

    Raises:
        RefusedError: nothing is accepted; the problems say why and where.
    """
    once = _idempotent(request, actor)
    earlier = await find_result(tx, once)
    if earlier is not None:
        return SendResult(earlier, replay=True)
    sender = await find_sender(tx, request.sender)
    composed = await compose(tx, request.composition)
    balance = await lock_balance(tx, now=now)
    if balance is None:
        raise refuse(SendProblem.NO_SENDER, "There is no plan yet: finish the onboarding first.")
    means = await lock_means(tx, balance, _units(composed, balance), now=now)
    composed, charges = limit_to(composed, means.plan, means.card, means.budget)
    if composed.refusals and request.on_refusal is OnRefusal.SEND_NONE:
        raise RecipientsRefusedError([_as_problem(one) for one in composed.refusals], composed.refusals)
    batch_id = new_id(now)
    await keep_result(tx, once, batch_id, now=now)
    await accept(tx, Acceptance(batch_id, composed, charges, means, sender, actor), now=now)
    if means.spend is not None and any(one.code is RefusalCode.SPEND_CAP_REACHED for one in composed.refusals):
        await tell_capped(tx, means.spend, now=now)
    return SendResult(batch_id, replay=False)


async def find_sender(tx: TenantTransaction, rather: str | None = None) -> str:
    """The tenant's number to send from: this one, as long as it is the tenant's.

    Raises:
        RefusedError: the tenant sends nothing, or has no number yet.
    """
    row = await tx.row(
        "SELECT state, (SELECT number FROM number WHERE tenant_id = $1 ORDER BY number = $2 DESC NULLS LAST, id "
        "LIMIT 1) AS number FROM tenant WHERE id = $1",
        tx.tenant_id,
        rather,
    )
    if row is None or row["state"] != TenantState.ACTIVE:
        raise refuse(SendProblem.TENANT_NOT_ACTIVE, "Sending is stopped for this company: ask support.")
    if row["number"] is None:
        raise refuse(SendProblem.NO_SENDER, "There is no number to send from yet: finish the onboarding first.")
    return str(row["number"])


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is promised: a batch of messages from this number, and what each takes of these means."""

    batch_id: UUID
    composed: Composed
    charges: Sequence[Charge]
    means: LockedMeans
    sender: str
    actor: Actor
    keyword: Keyword | None = None  # what its messages answer

    @property
    def recipients(self) -> list[Recipient]:
        """Who gets a message."""
        return [recipient for _, recipient in self.composed.recipients]


async def accept(tx: TenantTransaction, acceptance: Acceptance, *, now: datetime) -> None:
    """Write the batch, who is refused, and the messages with what they take reserved; a worker then sends them."""
    await _write_batch(tx, acceptance, now=now)
    charges = acceptance.charges
    if not charges:
        return
    price = sum((charge.price for charge in charges), Decimal(0))
    spend = await reserve_spend(tx, acceptance.means.plan.terms.currency, price, now=now) if price else None
    ids = _ids(len(charges), now)
    await _write_messages(tx, acceptance, ids, spend.id if spend else None, now=now)
    taken = list(zip(ids, charges, strict=True))
    await reserve(tx, acceptance.means, acceptance.batch_id, taken, spend, now=now)  # last, for it may raise an alert


def _units(composed: Composed, balance: LockedBalance) -> int:
    return sum(recipient.units(balance.allowance.unit) for _, recipient in composed.recipients)


def _idempotent(request: SendRequest, actor: Actor) -> IdempotentRequest:
    composition = request.composition
    asked: dict[str, Any] = {
        "contacts": [str(contact_id) for contact_id in composition.contact_ids],
        "template": str(composition.template_id),
        "body": composition.body,
        "variables": dict(composition.variables),
        "on_refusal": request.on_refusal.value,
    }
    if composition.numbers:
        asked["numbers"] = list(composition.numbers)
    return IdempotentRequest(request.operation, actor, request.idempotency_key, asked)


async def _write_batch(tx: TenantTransaction, acceptance: Acceptance, *, now: datetime) -> None:
    composed, actor = acceptance.composed, acceptance.actor
    await MessageBatch.create(
        using_db=tx.orm,
        id=acceptance.batch_id,
        tenant_id=tx.tenant_id,
        template_version_id=composed.template_version_id,
        total=len(composed.recipients) + len(composed.refusals),
        accepted=len(composed.recipients),
        actor_kind=actor.kind.value,
        actor_id=actor.id,
        actor_name=actor.name,
        created_at=now,
    )
    if composed.refusals:
        await _write_refusals(tx, acceptance.batch_id, composed.refusals, now=now)


async def _write_refusals(tx: TenantTransaction, batch_id: UUID, refusals: Sequence[Refusal], *, now: datetime) -> None:
    # A contact id that is not the tenant's own is written down as none: an answer must not tell that it exists.
    known = [None if refusal.code is RefusalCode.NOT_FOUND else refusal.contact_id for refusal in refusals]
    await tx.execute(
        "INSERT INTO message_refusal (tenant_id, id, batch_id, contact_id, number, code, message) "
        "SELECT $1, r.id, $2, r.contact_id, r.number, r.code, r.message "
        "FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[]) "
        "AS r (id, contact_id, number, code, message)",
        tx.tenant_id,
        batch_id,
        _ids(len(refusals), now),
        known,
        [refusal.number for refusal in refusals],
        [refusal.code.value for refusal in refusals],
        [refusal.message for refusal in refusals],
    )


async def _write_messages(
    tx: TenantTransaction, acceptance: Acceptance, ids: Sequence[UUID], spend_id: UUID | None, *, now: datetime
) -> None:
    recipients, charges = acceptance.recipients, acceptance.charges
    await tx.execute(
        "INSERT INTO message (tenant_id, id, batch_id, contact_id, template_version_id, direction, channel, status, "
        "status_at, sender_number, recipient_number, recipient_country, body, encoding, segments, actor_kind, "
        "actor_name, balance_id, keyword, reserved_units, cost, price, spend_id, due_at, created_at) "
        "SELECT $1, m.id, $2, m.contact_id, $3, 'OUTBOUND', 'SMS', 'QUEUED', $4, $5, m.number, m.country, m.body, "
        "m.encoding, m.segments, $6, $7, $8, $9, m.units, m.cost, m.price, CASE WHEN m.price > 0 THEN $20::uuid END, "
        "$4, $4 FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::text[], $16::int[], "
        "$17::int[], $18::numeric[], $19::numeric[]) "
        "AS m (id, contact_id, number, country, body, encoding, segments, units, cost, price)",
        tx.tenant_id,
        acceptance.batch_id,
        acceptance.composed.template_version_id,
        now,
        acceptance.sender,
        acceptance.actor.kind.value,
        acceptance.actor.name,
        acceptance.means.balance.id,
        acceptance.keyword,
        ids,
        [recipient.addressee.contact_id for recipient in recipients],
        [recipient.addressee.number for recipient in recipients],
        [recipient.addressee.country for recipient in recipients],
        [recipient.text for recipient in recipients],
        [recipient.size.encoding.value for recipient in recipients],
        [recipient.size.segments for recipient in recipients],
        [charge.units for charge in charges],
        [charge.cost for charge in charges],
        [charge.price for charge in charges],
        spend_id,
    )
    await tx.execute(
        "INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source) "
        "SELECT $1, e.id, e.message_id, 'QUEUED', $2, $2, 'PORTAL' "
        "FROM unnest($3::uuid[], $4::uuid[]) AS e (id, message_id)",
        tx.tenant_id,
        now,
        _ids(len(ids), now),
        ids,
    )
    # Last, since it makes a worker that is claiming this tenant's messages wait for this transaction.
    await tx.execute(
        "INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $2) "
        "ON CONFLICT (tenant_id) DO UPDATE SET due_at = least(due_tenant.due_at, excluded.due_at)",
        tx.tenant_id,
        now,
    )


def _ids(count: int, now: datetime) -> list[UUID]:
    """Ids in the order of the rows, which lists show."""
    return sorted(new_id(now) for _ in range(count))


def _as_problem(refusal: Refusal) -> Problem:
    place = ("recipients", "contactIds", str(refusal.index))
    return Problem(SendProblem.RECIPIENTS_REFUSED, refusal.message, place)
