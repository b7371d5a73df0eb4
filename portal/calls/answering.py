"""Answering a call to one of the tenant's numbers by the number's rule; a forward is checked as every call is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from portal.calls.charging import CallPrice, OverCap, note_paused, reserve_call
from portal.calls.provider import Announce, CallAnswer, CallDirection, CallReport, Forward, Reject
from portal.calls.recording import ASK_AFTER, news_of, record_calls
from portal.calls.status import CallIssueCode
from portal.clock import new_id
from portal.contacts.numbers import country_of
from portal.database import TenantTransaction
from portal.numbers.numbers import VoiceAction, VoiceRule, read_number
from portal.plans.plans import read_tenant_plan
from portal.plans.reserving import tell_capped
from portal.shield.areas import TrafficKind
from portal.shield.screening import observe, paused
from portal.tenants.tenants import TenantState

LONGEST_FORWARD = 60 * 60  # seconds
_SHORTEST_FORWARD = 60


class _Leg(NamedTuple):
    """The call that a forward makes."""

    id: UUID
    seconds: int


async def answer_call(
    tx: TenantTransaction, report: CallReport, callback_url: Callable[[UUID, UUID], str], *, now: datetime
) -> CallAnswer:
    """How this call is answered; it is in the log afterwards. Asked again about the same call, the same answer."""
    await record_calls(tx, [news_of(report, now)], now=now)
    number = await read_number(tx, report.recipient)
    rule = None if number is None else number.voice
    if report.direction is not CallDirection.INBOUND or rule is None or rule.action is VoiceAction.REJECT:
        return Reject()
    # Two numbers that forward to each other would call each other for ever.
    if rule.forward_to is not None and rule.forward_to != report.sender:
        leg = await _forward(tx, report, rule.forward_to, now=now)
        if leg is not None:
            return Forward(rule.forward_to, report.recipient, leg.seconds, callback_url(tx.tenant_id, leg.id))
    return _said(rule)


def _said(rule: VoiceRule) -> CallAnswer:
    return Reject() if rule.speech is None else Announce(rule.speech)


async def _forward(tx: TenantTransaction, report: CallReport, recipient: str, *, now: datetime) -> _Leg | None:
    """The leg that may be called now, its price reserved; None where it may not, and the call says why."""
    call = await tx.row(
        "SELECT call.id, leg.id AS leg_id, leg.most_seconds, call.issue FROM call LEFT JOIN call AS leg "
        "ON leg.tenant_id = $1 AND leg.parent_id = call.id WHERE call.tenant_id = $1 AND call.provider_reference = $2",
        tx.tenant_id,
        report.reference,
    )
    if call is None:
        raise RuntimeError("the call was written down in this transaction")
    if call["leg_id"] is not None:
        return _Leg(call["leg_id"], call["most_seconds"])
    price = await _price(tx, recipient, now=now)
    if isinstance(price, CallIssueCode):
        sql = "UPDATE call SET issue = $3 WHERE tenant_id = $1 AND id = $2"
        await tx.execute(sql, tx.tenant_id, call["id"], price.value)
        return None
    leg = _Leg(new_id(now), price.seconds)
    await tx.execute(
        "INSERT INTO call (tenant_id, id, direction, status, status_at, sender_number, recipient_number, "
        "recipient_country, parent_id, most_seconds, minute_price, price, spend_id, due_at, created_at) "
        "VALUES ($1, $2, 'OUTBOUND', 'QUEUED', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $3)",
        tx.tenant_id,
        leg.id,
        now,
        report.recipient,
        recipient,
        country_of(recipient),
        call["id"],
        leg.seconds,
        price.minute,
        price.reserved,
        price.spend_id,
        now + timedelta(seconds=leg.seconds) + ASK_AFTER,
    )
    await observe(tx, TrafficKind.FORWARD, [recipient], price.currency, now=now)
    return leg


async def _price(tx: TenantTransaction, recipient: str, *, now: datetime) -> CallPrice | CallIssueCode:
    """What the forward may take, or why there is none, at the moment of the call."""
    held = await read_tenant_plan(tx, now=now)
    if held is None or await tx.value("SELECT state FROM tenant WHERE id = $1", tx.tenant_id) != TenantState.ACTIVE:
        return CallIssueCode.NO_PLAN
    country = country_of(recipient)
    if held.plan.countries and country not in held.plan.countries:
        return CallIssueCode.COUNTRY_NOT_IN_PLAN
    if await paused(tx, TrafficKind.FORWARD, [recipient], now=now):
        await note_paused(tx, TrafficKind.FORWARD, held.plan, recipient, country, now=now)
        return CallIssueCode.PAUSED
    price = await reserve_call(tx, held.plan, country, LONGEST_FORWARD, least=_SHORTEST_FORWARD, now=now)
    if isinstance(price, OverCap):
        await tell_capped(tx, price.spend, now=now)
        return CallIssueCode.SPEND_CAP_REACHED
    return price
