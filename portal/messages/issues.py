"""Why a message did not arrive, in plain words: the one catalogue of reasons, advice and who must act."""

from dataclasses import dataclass
from enum import StrEnum


class DeliveryIssueCode(StrEnum):
    """The reasons a tenant sees; the provider's own error numbers stay with the gateway."""

    OPTED_OUT = "OPTED_OUT"
    UNREACHABLE = "UNREACHABLE"
    BLOCKED = "BLOCKED"
    UNKNOWN_HANDSET = "UNKNOWN_HANDSET"
    LANDLINE = "LANDLINE"
    FILTERED = "FILTERED"
    CARRIER_LIMIT = "CARRIER_LIMIT"
    UNREGISTERED_SENDER = "UNREGISTERED_SENDER"
    COUNTRY_NOT_ALLOWED = "COUNTRY_NOT_ALLOWED"
    QUEUE_OVERFLOW = "QUEUE_OVERFLOW"
    EXPIRED = "EXPIRED"
    INVALID_NUMBER = "INVALID_NUMBER"
    INVALID_CONTENT = "INVALID_CONTENT"
    PAUSED = "PAUSED"
    PROVIDER_OUTAGE = "PROVIDER_OUTAGE"
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    UNCONFIRMED = "UNCONFIRMED"
    PREFERENCE = "PREFERENCE"
    POLICY = "POLICY"
    SENDING_STOPPED = "SENDING_STOPPED"
    SENDER_GONE = "SENDER_GONE"
    QUIET_HOURS = "QUIET_HOURS"
    ALLOWANCE_EXHAUSTED = "ALLOWANCE_EXHAUSTED"
    CREDITS_EXHAUSTED = "CREDITS_EXHAUSTED"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"
    UNKNOWN = "UNKNOWN"


class IssueActor(StrEnum):
    """Who can do something about it."""

    TENANT = "TENANT"
    RECIPIENT = "RECIPIENT"
    ISV = "ISV"
    CARRIER = "CARRIER"
    NOBODY = "NOBODY"


@dataclass(frozen=True, slots=True)
class DeliveryIssue:
    """One entry: what happened, what to do, who does it, and whether sending again may help.

    Messages that end for a reason with an `alert` raise one of this title; without it the reason lies with the
    recipient or the list of contacts, and each message tells it.
    """

    code: DeliveryIssueCode
    reason: str
    advice: str
    actor: IssueActor
    retryable: bool
    alert: str | None = None


_ENTRIES = (
    DeliveryIssue(
        DeliveryIssueCode.OPTED_OUT,
        "This person has asked not to receive messages from you.",
        "Do not write again: only the recipient can subscribe again, by answering START.",
        IssueActor.RECIPIENT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.UNREACHABLE,
        "The phone could not be reached: it is switched off, out of coverage or out of service.",
        "Try again later; if it keeps failing, ask for another number.",
        IssueActor.RECIPIENT,
        retryable=True,
    ),
    DeliveryIssue(
        DeliveryIssueCode.BLOCKED,
        "The recipient's phone or carrier blocks messages from this sender.",
        "Ask the recipient, on another channel, to unblock your number.",
        IssueActor.RECIPIENT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.UNKNOWN_HANDSET,
        "The carrier does not know this number: it may have been given up.",
        "Check the number with the recipient, and correct or remove the contact.",
        IssueActor.TENANT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.LANDLINE,
        "This number is a landline, which cannot receive text messages.",
        "Ask for a mobile number.",
        IssueActor.TENANT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.FILTERED,
        "A carrier's filter took this message for unwanted.",
        "Say who you are, avoid shortened links and all capitals, and offer a way to opt out; then try another text.",
        IssueActor.TENANT,
        retryable=False,
        alert="Carriers filter your messages.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.CARRIER_LIMIT,
        "A carrier's limit for this sender was reached.",
        "Send the rest later, or more slowly.",
        IssueActor.CARRIER,
        retryable=True,
        alert="You reach a carrier's limit for your sender.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.UNREGISTERED_SENDER,
        "Your sender is not registered with the carriers yet.",
        "Finish the registration; until then carriers refuse your messages.",
        IssueActor.ISV,
        retryable=False,
        alert="Your messages are refused: the sender is not registered.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.COUNTRY_NOT_ALLOWED,
        "Messages to this country are not enabled.",
        "Ask support to enable the country, if you have recipients there.",
        IssueActor.ISV,
        retryable=False,
        alert="You write to a country that is not enabled.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.QUEUE_OVERFLOW,
        "Too many messages were waiting at this sender.",
        "Send them again later.",
        IssueActor.TENANT,
        retryable=True,
        alert="You send more than your sender can pass on.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.EXPIRED,
        "The message waited too long to be sent and was given up.",
        "Send it again, if it still matters.",
        IssueActor.TENANT,
        retryable=True,
        alert="Messages waited too long and were given up.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.INVALID_NUMBER,
        "This is not a number that can receive text messages.",
        "Correct the contact's number.",
        IssueActor.TENANT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.INVALID_CONTENT,
        "The text or a medium of this message cannot be sent as it is.",
        "Shorten the text, or use media of a common format and less than 600 kB; then send it again.",
        IssueActor.TENANT,
        retryable=False,
        alert="Messages are refused for what is in them.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.PAUSED,
        "Messages to numbers like this one looked like fraud and were stopped.",
        "If they are what you want, release the pause and send them again.",
        IssueActor.TENANT,
        retryable=True,
    ),
    DeliveryIssue(
        DeliveryIssueCode.PROVIDER_OUTAGE,
        "The messaging service had a fault.",
        "Nothing is wrong with your message: send it again in a while.",
        IssueActor.ISV,
        retryable=True,
    ),
    DeliveryIssue(
        DeliveryIssueCode.ACCOUNT_REFUSED,
        "The messaging service does not let your account send.",
        "Nothing is wrong with your message: support has to put the account in order; send it again after that.",
        IssueActor.ISV,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.UNCONFIRMED,
        "The connection broke while this message was handed over, and nobody can say whether it was sent.",
        "It is not sent again by itself, lest the recipient gets it twice. Ask the recipient before you send it again.",
        IssueActor.TENANT,
        retryable=False,
        alert="Nobody can say whether some messages were sent.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.PREFERENCE,
        "This person chose, before the message was due, not to be written to about this.",
        "Respect it: only the recipient can choose otherwise, on their page of preferences.",
        IssueActor.RECIPIENT,
        retryable=False,
    ),
    DeliveryIssue(
        DeliveryIssueCode.POLICY,
        "The text broke a rule of policy when this message was due.",
        "Change the text, or ask support to allow it; then send it again.",
        IssueActor.TENANT,
        retryable=False,
        alert="Scheduled messages were not sent: their text breaks a rule of policy.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.SENDING_STOPPED,
        "Sending was stopped for your company when this message was due.",
        "Ask support why; once sending goes on, send it again.",
        IssueActor.ISV,
        retryable=True,
        alert="Scheduled messages were not sent: sending is stopped for your company.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.SENDER_GONE,
        "The number that this message was to be sent from was yours no more when it was due.",
        "Send it again, from a number that you have.",
        IssueActor.TENANT,
        retryable=True,
        alert="Scheduled messages were not sent: their number is yours no more.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.QUIET_HOURS,
        "Quiet hours left no time to write to this person.",
        "Shorten your quiet hours, or send without respect to them where you may.",
        IssueActor.TENANT,
        retryable=True,
    ),
    DeliveryIssue(
        DeliveryIssueCode.ALLOWANCE_EXHAUSTED,
        "The allowance was used up when this message was due.",
        "Send it again in the next period, or change to a larger plan.",
        IssueActor.TENANT,
        retryable=True,
        alert="Scheduled messages were not sent: the allowance was used up.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.CREDITS_EXHAUSTED,
        "The credits were used up when this message was due.",
        "Buy credits, then send it again.",
        IssueActor.TENANT,
        retryable=True,
        alert="Scheduled messages were not sent: the credits were used up.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.SPEND_CAP_REACHED,
        "This message would have gone over your spend cap of the month when it was due.",
        "Raise the cap, or send it again next month.",
        IssueActor.TENANT,
        retryable=True,
        alert="Scheduled messages were not sent: your spend cap was reached.",
    ),
    DeliveryIssue(
        DeliveryIssueCode.UNKNOWN,
        "The carrier gave no reason.",
        "Try again once; if it fails again, ask support.",
        IssueActor.CARRIER,
        retryable=True,
    ),
)
CATALOGUE = {entry.code: entry for entry in _ENTRIES}
