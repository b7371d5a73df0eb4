"""What alerts say: the one catalogue of titles, advice and who must act, in words that tenants know. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum

from portal.messages.issues import CATALOGUE as ISSUES
from portal.messages.issues import DeliveryIssueCode, IssueActor


class AlertKind(StrEnum):
    """What an alert is about."""

    USAGE_THRESHOLD = "USAGE_THRESHOLD"
    SPEND_CAP = "SPEND_CAP"
    DELIVERABILITY = "DELIVERABILITY"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    REGISTRATION = "REGISTRATION"
    WEBHOOK_FAILING = "WEBHOOK_FAILING"
    FRAUD = "FRAUD"


class ProviderFault(StrEnum):
    """The codes of `PROVIDER_ERROR`: what is wrong between the portal and the carriers."""

    ACCOUNT_MISSING = "ACCOUNT_MISSING"
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    NOT_SERVED = "NOT_SERVED"
    OUTAGE = "OUTAGE"
    RATE_LIMITED = "RATE_LIMITED"
    REPORTS_LOST = "REPORTS_LOST"
    ANSWER_UNREADABLE = "ANSWER_UNREADABLE"
    CALL_FAILED = "CALL_FAILED"
    NUMBER_SETUP = "NUMBER_SETUP"
    UNKNOWN = "UNKNOWN"


class RegistrationFault(StrEnum):
    """The codes of `REGISTRATION`: what keeps a sender from being registered with the carriers."""

    BUSINESS_REJECTED = "BUSINESS_REJECTED"
    USE_CASE_REJECTED = "USE_CASE_REJECTED"
    TOLL_FREE_REJECTED = "TOLL_FREE_REJECTED"


class UsageThreshold(StrEnum):
    """The codes of `USAGE_THRESHOLD`: what has reached a number that somebody watches.

    A tenant's own percentages are codes too: ALLOWANCE_90.
    """

    MESSAGES = "MESSAGES"
    CALLS = "CALLS"
    USAGE = "USAGE"
    ALLOWANCE_50 = "ALLOWANCE_50"
    ALLOWANCE_80 = "ALLOWANCE_80"
    ALLOWANCE_100 = "ALLOWANCE_100"


class SpendFault(StrEnum):
    """The codes of `SPEND_CAP`."""

    CAP_REACHED = "CAP_REACHED"


class FraudFault(StrEnum):
    """The codes of `FRAUD`: what was stopped."""

    SMS = "SMS"
    CALL = "CALL"
    FORWARD = "FORWARD"


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """What makes alerts one: their kind and code."""

    kind: AlertKind
    code: str


@dataclass(frozen=True, slots=True)
class AlertText:
    """What is told of an alert: what is wrong, what to do, and who does it."""

    title: str
    advice: str
    actor: IssueActor


_ISV = IssueActor.ISV
_PROVIDER = {
    ProviderFault.ACCOUNT_MISSING: AlertText(
        "Your messages cannot be sent: your account is not set up yet.",
        "Support has to finish setting it up; what you sent waits, and goes out then.",
        _ISV,
    ),
    ProviderFault.ACCOUNT_REFUSED: AlertText(
        "Your messages are refused: your account may not send.",
        "Support has to put the account in order; send the refused messages again after that.",
        _ISV,
    ),
    ProviderFault.NOT_SERVED: AlertText(
        "Your messages could not be handed over.",
        "The portal tries again by itself; support should look into it if this goes on.",
        _ISV,
    ),
    ProviderFault.OUTAGE: AlertText(
        "The messaging service had a fault.",
        "Nothing is wrong with your messages: send those that failed again in a while.",
        _ISV,
    ),
    ProviderFault.RATE_LIMITED: AlertText(
        "Too much was asked of the messaging service at once.",
        "The portal slows down and tries again by itself; support should look into it if this goes on.",
        _ISV,
    ),
    ProviderFault.REPORTS_LOST: AlertText(
        "Reports about your messages did not reach the portal.",
        "The portal asks for what it missed; support should look into it if this goes on.",
        _ISV,
    ),
    ProviderFault.ANSWER_UNREADABLE: AlertText(
        "An incoming message or call could not be answered as it should be.",
        "Support has to correct what the portal answers.",
        _ISV,
    ),
    ProviderFault.CALL_FAILED: AlertText(
        "A call failed for a technical reason.",
        "Try it again; support should look into it if this goes on.",
        _ISV,
    ),
    ProviderFault.NUMBER_SETUP: AlertText(
        "One of your numbers is not set up as it should be.",
        "Support has to correct the number's settings.",
        _ISV,
    ),
    ProviderFault.UNKNOWN: AlertText(
        "The messaging service reported an error.",
        "Support can see which; ask for it if something does not work.",
        _ISV,
    ),
}
_REGISTRATION = {
    RegistrationFault.BUSINESS_REJECTED: AlertText(
        "The registration of your business was turned down.",
        "Compare the name, address and tax number with your official papers, and hand corrected ones in.",
        IssueActor.TENANT,
    ),
    RegistrationFault.USE_CASE_REJECTED: AlertText(
        "What you want to send was not accepted by the carriers.",
        "Describe what you send and how people agree to it, give examples, and hand it in again.",
        IssueActor.TENANT,
    ),
    RegistrationFault.TOLL_FREE_REJECTED: AlertText(
        "The verification of your toll-free number was turned down.",
        "Correct what you told of your business and its messages, and hand it in again.",
        IssueActor.TENANT,
    ),
}
_USAGE = {
    UsageThreshold.MESSAGES: AlertText(
        "Your messages have reached a number that is watched.",
        "Nothing stops by this: look at your usage, whether it is what you expect.",
        IssueActor.TENANT,
    ),
    UsageThreshold.CALLS: AlertText(
        "Your calls have reached a number that is watched.",
        "Nothing stops by this: look at your usage, whether it is what you expect.",
        IssueActor.TENANT,
    ),
    UsageThreshold.USAGE: AlertText(
        "Your usage has reached a number that is watched.",
        "Nothing stops by this: look at your usage, whether it is what you expect.",
        IssueActor.TENANT,
    ),
    UsageThreshold.ALLOWANCE_50: AlertText(
        "Half of your allowance is used.",
        "Nothing stops by this: look at your usage, whether it is what you expect.",
        IssueActor.TENANT,
    ),
    UsageThreshold.ALLOWANCE_80: AlertText(
        "80 percent of your allowance are used.",
        "Look at what is left of it, and choose a larger plan if it will not last until the period ends.",
        IssueActor.TENANT,
    ),
    UsageThreshold.ALLOWANCE_100: AlertText(
        "Your allowance is used up.",
        "Look at what your plan says of what is over it; choose a larger plan, or wait until the next period begins.",
        IssueActor.TENANT,
    ),
}
_SPEND = {
    SpendFault.CAP_REACHED: AlertText(
        "Your spend cap is reached.",
        "Messages that cost more are refused until the month ends: raise the cap or take it away to send on.",
        IssueActor.TENANT,
    ),
}
_LOOK = "Look at who asks for them and at your keys; release the pause in the list of pauses if they are what you want."
_FRAUD = {
    FraudFault.SMS: AlertText("Messages to some numbers look like fraud and are stopped.", _LOOK, IssueActor.TENANT),
    FraudFault.CALL: AlertText("Calls to some numbers look like fraud and are stopped.", _LOOK, IssueActor.TENANT),
    FraudFault.FORWARD: AlertText(
        "Forwarded calls to some numbers look like fraud and are stopped.",
        "Look at who calls and where your numbers forward to; release the pause if it is what you want.",
        IssueActor.TENANT,
    ),
}
_OWN_PERCENTAGE = re.compile(r"ALLOWANCE_([0-9]+)", re.ASCII)
_WEBHOOK_FAILING = AlertText(  # the code names the endpoint
    "One of your webhook endpoints does not take its events.",
    "Look at its deliveries, mend the system behind it, and have what it missed delivered again.",
    IssueActor.TENANT,
)
_ELSE = AlertText("Something needs attention.", "Ask support what it is.", _ISV)
TEXTS: dict[AlertGroup, AlertText] = {
    **{AlertGroup(AlertKind.PROVIDER_ERROR, code): text for code, text in _PROVIDER.items()},
    **{AlertGroup(AlertKind.REGISTRATION, code): text for code, text in _REGISTRATION.items()},
    **{AlertGroup(AlertKind.USAGE_THRESHOLD, code): text for code, text in _USAGE.items()},
    **{AlertGroup(AlertKind.SPEND_CAP, code): text for code, text in _SPEND.items()},
    **{AlertGroup(AlertKind.FRAUD, code): text for code, text in _FRAUD.items()},
    **{
        AlertGroup(AlertKind.DELIVERABILITY, code): AlertText(issue.alert, issue.advice, issue.actor)
        for code, issue in ISSUES.items()
        if issue.alert is not None
    },
}
# Of these the provider is to blame and not the messages, so that they are told of as its errors.
_FAULTS = {
    DeliveryIssueCode.PROVIDER_OUTAGE: ProviderFault.OUTAGE,
    DeliveryIssueCode.ACCOUNT_REFUSED: ProviderFault.ACCOUNT_REFUSED,
}


def text_of(group: AlertGroup) -> AlertText:
    """What is told of alerts of this kind and code; a code that is no longer in the catalogue has a text too."""
    if group.kind is AlertKind.WEBHOOK_FAILING:
        return _WEBHOOK_FAILING
    own = _OWN_PERCENTAGE.fullmatch(group.code) if group.kind is AlertKind.USAGE_THRESHOLD else None
    return TEXTS.get(group) or (_ELSE if own is None else _of_percentage(int(own[1])))


def _of_percentage(percent: int) -> AlertText:
    title = f"{percent} percent of your allowance are used."
    return AlertText(title, "You asked to hear of this: look at what is left of it.", IssueActor.TENANT)


def group_of_issue(issue: DeliveryIssueCode) -> AlertGroup | None:
    """What a message that ended for this reason raises, or None where it is the recipient's business alone."""
    if issue in _FAULTS:
        return AlertGroup(AlertKind.PROVIDER_ERROR, _FAULTS[issue])
    return AlertGroup(AlertKind.DELIVERABILITY, issue) if ISSUES[issue].alert is not None else None
