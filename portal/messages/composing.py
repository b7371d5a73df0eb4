"""Who would get which text, and who would not and why: the same answer for an estimate and for a send."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portal.database import TenantTransaction
from portal.messages.addressees import Addressee, Recipients, Unknown, find_asked_for
from portal.messages.channels import CATEGORIES, MessageChannel
from portal.messages.look_alikes import with_look_alikes
from portal.messages.media import MMS_COUNTRIES, Media
from portal.messages.refusals import Refusal, RefusalCode, SendProblem
from portal.messages.segments import SegmentCount, count_segments
from portal.messages.wanted import refusal_of
from portal.messages.wording import PREFERENCES, TOO_LONG, Wording, is_sendable, variable_problems
from portal.plans.charging import NO_CHARGE, Budget, Charge, Shortage
from portal.plans.plans import PlanRow
from portal.pricing.terms import UsageUnit
from portal.problems import Problem, RefusedError, refuse
from portal.rates.cards import RateCard
from portal.templates.checking import LONGEST_BODY
from portal.templates.content import ContentState
from portal.templates.rendering import variables_in
from portal.templates.templates import TemplateRow, read_templates_by_id
from portal.tenants.settings import read_settings

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
    """What it is about, one of the tenant's topics: whoever declined it gets nothing. The template's unless given."""
    preference_link: Callable[[UUID, str], str] | None = None
    """Makes the link that fills `{{preferences}}`, of a tenant and a number."""
    smart_encoding: bool = False
    """Whether typographic characters give way to those of GSM-7 that look alike."""
    media: tuple[Media, ...] = ()
    """What goes with the text, which makes an MMS of it."""

    @property
    def channel(self) -> MessageChannel:
        """What carries it."""
        return MessageChannel.MMS if self.media else MessageChannel.SMS


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets this text."""

    addressee: Addressee
    text: str
    size: SegmentCount
    send_at: datetime | None = None  # None: at once
    channel: MessageChannel = MessageChannel.SMS
    content: Mapping[str, str] | None = None
    """What fills the text at the provider, where it has the template."""

    def units(self, unit: UsageUnit) -> int:
        """What this message takes from an allowance."""
        return 1 if unit is UsageUnit.MESSAGES else self.size.segments

    @property
    def category(self) -> str:
        """What it is counted as, and priced by."""
        return CATEGORIES[self.channel]


@dataclass(frozen=True, slots=True)
class Composed:
    """Each recipient that was asked for, on one side or the other, in the order asked for."""

    template_version_id: UUID | None
    recipients: tuple[tuple[int, Recipient], ...]
    refusals: tuple[Refusal, ...]
    topic: str | None = None


async def compose(tx: TenantTransaction, composition: Composition) -> Composed:
    """Work out every recipient's text, in a few statements whatever their number.

    Raises:
        RefusedError: the whole makes no sense: no text, no recipients, too many, or no such template.
    """
    _check(composition)
    wording = await _wording(tx, composition)
    if wording.topic is not None and wording.topic not in (await read_settings(tx)).topics:
        place = "topic" if composition.topic is not None else "templateId"
        raise refuse(SendProblem.INVALID, f"“{wording.topic}” is none of the topics in your settings.", place)
    link = _links(tx, composition, wording.body)
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
            else _fill(addressee, wording, composition, link(addressee.number))
        )
        seen.add(addressee.number)
        if isinstance(outcome, Recipient):
            recipients.append((index, outcome))
        else:
            refusals.append(Refusal(index, addressee.contact_id, addressee.number, *outcome))
    return Composed(wording.version_id, tuple(recipients), tuple(refusals), wording.topic)


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
    return replace(composed, recipients=tuple(kept), refusals=tuple(refusals)), charges


def charge_of(recipient: Recipient, plan: PlanRow, card: RateCard, budget: Budget) -> Charge:
    """What a message to this recipient takes, behind those that the budget has let have theirs."""
    cost = card.cost(recipient.category, recipient.addressee.country, recipient.size.segments)
    return budget.charge(recipient.units(plan.terms.unit), cost)


def _outside(recipient: Recipient, plan: PlanRow) -> tuple[RefusalCode, str] | None:
    country = recipient.addressee.country
    if plan.countries and country not in plan.countries:
        return RefusalCode.COUNTRY_NOT_IN_PLAN, "The plan does not reach this recipient's country."
    if recipient.channel is MessageChannel.MMS and country not in MMS_COUNTRIES:
        return RefusalCode.COUNTRY_WITHOUT_MMS, "Media reach the United States and Canada alone: send it without."
    return None


_SHORTAGES: Mapping[Shortage | None, tuple[RefusalCode, str]] = {
    Shortage.ALLOWANCE: (
        RefusalCode.ALLOWANCE_EXHAUSTED,
        "The allowance of this period does not reach this recipient.",
    ),
    Shortage.CREDITS: (RefusalCode.CREDITS_EXHAUSTED, "The credits do not reach this recipient: buy more."),
    Shortage.SPEND_CAP: (RefusalCode.SPEND_CAP_REACHED, "This message would go over your spend cap of this month."),
}


def _fill(
    addressee: Addressee, wording: Wording, composition: Composition, own: Mapping[str, str]
) -> Recipient | tuple[RefusalCode, str]:
    if (refusal := refusal_of(addressee.consumer, wording.topic)) is not None:
        return refusal
    rendered = wording.filled_for(addressee, composition.variables, own)
    if rendered.missing:
        names = ", ".join(rendered.missing)
        return RefusalCode.MISSING_VARIABLE, f"Nothing fills {names}: add it to the contact, or give it with the send."
    text = with_look_alikes(rendered.text) if composition.smart_encoding else rendered.text
    if not is_sendable(text) and (text or not composition.media):
        return RefusalCode.TEXT_TOO_LONG, TOO_LONG
    size = count_segments(text)
    if composition.media:  # an MMS is one whatever its text, and nothing flips it
        size = SegmentCount(size.encoding, 1, None)
    return Recipient(addressee, text, size, channel=composition.channel, content=wording.content_of(rendered))


async def _wording(tx: TenantTransaction, composition: Composition) -> Wording:
    if composition.template_id is None:
        return Wording(composition.body or "", topic=composition.topic)
    template = (await read_templates_by_id(tx, [composition.template_id])).get(composition.template_id)
    if template is None or template.archived_at is not None:
        raise refuse(SendProblem.NOT_FOUND, "There is no such template in use.", "templateId")
    _check_content(template, composition)
    wording = Wording.of(template)
    return wording if composition.topic is None else replace(wording, topic=composition.topic)


def _check_content(template: TemplateRow, composition: Composition) -> None:
    """The provider fills the text of a CONTENT template itself: it has to have it, and it replaces no characters."""
    standing = template.current.content
    if standing is None:
        return
    if standing.state is not ContentState.READY:
        why = standing.reason or "The messaging service is about to get this template: send in a moment."
        raise refuse(SendProblem.TEMPLATE_NOT_READY, why, "templateId")
    if composition.smart_encoding:
        plain = "A CONTENT template is sent as it is written: write it with plain characters."
        raise refuse(SendProblem.INVALID, plain, "smartEncoding")
    if composition.media:
        raise refuse(SendProblem.INVALID, "A CONTENT template is sent without media: leave them out.", "mediaUrls")


def _check(composition: Composition) -> None:
    problems = []
    given = [one for one in (composition.template_id, composition.body) if one is not None]
    if len(given) > 1 or not (given or composition.media):
        problems.append(Problem(SendProblem.INVALID, "Give a template or a body, not both and not neither.", ("body",)))
    shortest = 0 if composition.media else 1
    if composition.body is not None and not shortest <= len(composition.body.strip()) <= LONGEST_BODY:
        problems.append(Problem(SendProblem.INVALID, f"A text has 1 to {LONGEST_BODY} characters.", ("body",)))
    problems += variable_problems(composition.variables)
    if problems:
        raise RefusedError(problems)
