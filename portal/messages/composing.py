"""Who would get which text, and who would not and why: the same answer for an estimate and for a send."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portal.database import TenantTransaction
from portal.messages.addressees import Addressee, Recipients, Unknown, find_asked_for
from portal.messages.look_alikes import with_look_alikes
from portal.messages.refusals import Refusal, RefusalCode, SendProblem
from portal.messages.segments import SegmentCount, count_segments
from portal.messages.wanted import refusal_of
from portal.plans.charging import NO_CHARGE, Budget, Charge, Shortage
from portal.plans.plans import PlanRow
from portal.pricing.terms import UsageUnit
from portal.problems import Problem, RefusedError, refuse
from portal.rates.cards import RateCard
from portal.templates.rendering import TemplateVariable, render, variables_in
from portal.templates.templates import LONGEST_BODY, read_templates_by_id
from portal.tenants.settings import read_settings
from portal.usage.usage import SMS_OUTBOUND

PREFERENCES = "preferences"  # the variable that nobody but the portal fills
_AT_A_TIME = 100  # recipients worked out before other requests get their turn


@dataclass(frozen=True, slots=True)
class Composition:
    """What is to be sent to whom: a template or a body, and values that hold for all recipients."""

    recipients: Recipients
    template_id: UUID | None
    body: str | None
    variables: Mapping[str, str]
    sender_id: UUID | None = None
    """The number to send from; the tenant's first that is ready unless given."""
    topic: str | None = None
    """What it is about, one of the tenant's topics: whoever declined it gets nothing."""
    preference_link: Callable[[UUID, str], str] | None = None
    """Makes the link that fills `{{preferences}}`, of a tenant and a number."""
    smart_encoding: bool = False
    """Whether typographic characters give way to those of GSM-7 that look alike."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets this text."""

    addressee: Addressee
    text: str
    size: SegmentCount
    send_at: datetime | None = None  # None: at once

    def units(self, unit: UsageUnit) -> int:
        """What this message takes from an allowance."""
        return 1 if unit is UsageUnit.MESSAGES else self.size.segments


@dataclass(frozen=True, slots=True)
class Composed:
    """Each recipient that was asked for, on one side or the other, in the order asked for."""

    template_version_id: UUID | None
    recipients: tuple[tuple[int, Recipient], ...]
    refusals: tuple[Refusal, ...]


async def compose(tx: TenantTransaction, composition: Composition) -> Composed:
    """Work out every recipient's text, in a few statements whatever their number.

    Raises:
        RefusedError: the whole makes no sense: no text, no recipients, too many, or no such template.
    """
    _check(composition)
    if composition.topic is not None and composition.topic not in (await read_settings(tx)).topics:
        raise refuse(SendProblem.INVALID, "This is none of the topics in your settings: name one of them.", "topic")
    version_id, body, variables = await _text(tx, composition)
    link = _links(tx, composition, body)
    recipients: list[tuple[int, Recipient]] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for index, addressee in enumerate(await find_asked_for(tx, composition.recipients)):
        if index % _AT_A_TIME == 0:
            await asyncio.sleep(0)  # ten thousand long texts take seconds, in which all tenants would wait
        if isinstance(addressee, Unknown):
            refusals.append(Refusal(index, addressee.contact_id, None, addressee.code, addressee.message))
            continue
        outcome = (
            (RefusalCode.DUPLICATE, "This recipient is in the list already.")
            if addressee.number in seen
            else _fill(addressee, body, variables, composition, link(addressee.number))
        )
        seen.add(addressee.number)
        if isinstance(outcome, Recipient):
            recipients.append((index, outcome))
        else:
            refusals.append(Refusal(index, addressee.contact_id, addressee.number, *outcome))
    return Composed(version_id, tuple(recipients), tuple(refusals))


def _links(tx: TenantTransaction, composition: Composition, body: str) -> Callable[[str], Mapping[str, str]]:
    """What the portal itself fills of a text: the link to the page of who has a number, where the text has one."""
    make = composition.preference_link
    if make is None or PREFERENCES not in variables_in(body):
        return lambda _: {}
    return lambda number: {PREFERENCES: make(tx.tenant_id, number)} if number.startswith("+") else {}


class Screen(Protocol):
    """What else may stand against a recipient."""

    def outcome(self, recipient: Recipient, charge: Charge) -> tuple[RefusalCode, str] | None:
        """Why this recipient gets no message, or None."""
        ...

    def take(self, recipient: Recipient) -> None:
        """Count a recipient whose message is accepted."""
        ...


def limit_to(
    composed: Composed, plan: PlanRow, card: RateCard, budget: Budget, screen: Screen
) -> tuple[Composed, list[Charge]]:
    """Refuse, in the order asked for, those whom the plan does not reach; and what each of the rest takes."""
    kept: list[tuple[int, Recipient]] = []
    charges: list[Charge] = []
    refused: list[Refusal] = []
    for index, recipient in composed.recipients:
        # What waits for its time takes nothing before that.
        charge = charge_of(recipient, plan, card, budget) if recipient.send_at is None else NO_CHARGE
        outcome = (
            _outside(recipient, plan) or screen.outcome(recipient, charge) or _SHORTAGES.get(budget.shortage(charge))
        )
        if outcome is None:
            budget.take(charge)
            if recipient.send_at is None:
                screen.take(recipient)
            kept.append((index, recipient))
            charges.append(charge)
        else:
            refused.append(Refusal(index, recipient.addressee.contact_id, recipient.addressee.number, *outcome))
    refusals = sorted([*composed.refusals, *refused], key=lambda refusal: refusal.index)
    return Composed(composed.template_version_id, tuple(kept), tuple(refusals)), charges


def charge_of(recipient: Recipient, plan: PlanRow, card: RateCard, budget: Budget) -> Charge:
    """What a message to this recipient takes, behind those that the budget has let have theirs."""
    cost = card.cost(SMS_OUTBOUND, recipient.addressee.country, recipient.size.segments)
    return budget.charge(recipient.units(plan.terms.unit), cost)


def _outside(recipient: Recipient, plan: PlanRow) -> tuple[RefusalCode, str] | None:
    if not plan.countries or recipient.addressee.country in plan.countries:
        return None
    return RefusalCode.COUNTRY_NOT_IN_PLAN, "The plan does not reach this recipient's country."


_SHORTAGES: Mapping[Shortage | None, tuple[RefusalCode, str]] = {
    Shortage.ALLOWANCE: (
        RefusalCode.ALLOWANCE_EXHAUSTED,
        "The allowance of this period does not reach this recipient.",
    ),
    Shortage.CREDITS: (RefusalCode.CREDITS_EXHAUSTED, "The credits do not reach this recipient: buy more."),
    Shortage.SPEND_CAP: (RefusalCode.SPEND_CAP_REACHED, "This message would go over your spend cap of this month."),
}


def _fill(
    addressee: Addressee,
    body: str,
    variables: Sequence[TemplateVariable],
    composition: Composition,
    own: Mapping[str, str],
) -> Recipient | tuple[RefusalCode, str]:
    if (refusal := refusal_of(addressee.consumer, composition.topic)) is not None:
        return refusal
    rendered = render(body, variables, own, composition.variables, addressee.fields, {"name": addressee.name})
    if rendered.missing:
        names = ", ".join(rendered.missing)
        return RefusalCode.MISSING_VARIABLE, f"Nothing fills {names}: add it to the contact, or give it with the send."
    text = with_look_alikes(rendered.text) if composition.smart_encoding else rendered.text
    if not text.strip() or len(text) > LONGEST_BODY:
        return (
            RefusalCode.TEXT_TOO_LONG,
            f"With the variables filled the text has to have 1 to {LONGEST_BODY} characters.",
        )
    return Recipient(addressee, text, count_segments(text))


async def _text(tx: TenantTransaction, composition: Composition) -> tuple[UUID | None, str, Sequence[TemplateVariable]]:
    if composition.template_id is None:
        return None, composition.body or "", ()
    template = (await read_templates_by_id(tx, [composition.template_id])).get(composition.template_id)
    if template is None or template.archived_at is not None:
        raise refuse(SendProblem.NOT_FOUND, "There is no such template in use.", "templateId")
    return template.current.id, template.current.body, template.current.variables


def _check(composition: Composition) -> None:
    problems = []
    if (composition.template_id is None) == (composition.body is None):
        problems.append(Problem(SendProblem.INVALID, "Give a template or a body, not both and not neither.", ("body",)))
    if composition.body is not None and not 1 <= len(composition.body.strip()) <= LONGEST_BODY:
        problems.append(Problem(SendProblem.INVALID, f"A text has 1 to {LONGEST_BODY} characters.", ("body",)))
    if any(len(value) > LONGEST_BODY for value in composition.variables.values()):  # a text can repeat it 300 times
        longest = f"A variable's text has at most {LONGEST_BODY} characters."
        problems.append(Problem(SendProblem.INVALID, longest, ("variables",)))
    if problems:
        raise RefusedError(problems)
