"""Twilio's error numbers, and what a tenant reads for each: the reason of a message's end, or an alert."""

from types import MappingProxyType

from portal.alerts.catalogue import AlertGroup, AlertKind, ProviderFault, RegistrationFault, group_of_issue
from portal.messages.issues import DeliveryIssueCode

_Code = DeliveryIssueCode
# https://www.twilio.com/docs/api/errors. Refused at once: 2xxxx; told later, about a message that was accepted: 30xxx.
_ISSUES = MappingProxyType(
    {
        10001: _Code.ACCOUNT_REFUSED,  # account not active
        11751: _Code.INVALID_CONTENT,  # media larger than the carrier takes
        20003: _Code.ACCOUNT_REFUSED,  # credentials refused: the ISV's business, not the message's fault
        20005: _Code.ACCOUNT_REFUSED,  # account not active
        20404: _Code.ACCOUNT_REFUSED,  # the account or service is not there
        21211: _Code.INVALID_NUMBER,
        21212: _Code.UNREGISTERED_SENDER,  # invalid From
        21217: _Code.INVALID_NUMBER,
        21401: _Code.INVALID_NUMBER,
        21408: _Code.COUNTRY_NOT_ALLOWED,
        21421: _Code.INVALID_NUMBER,
        21606: _Code.UNREGISTERED_SENDER,  # From cannot send to this destination
        21608: _Code.ACCOUNT_REFUSED,  # a trial account, which sends to verified numbers alone
        21610: _Code.OPTED_OUT,
        21611: _Code.QUEUE_OVERFLOW,
        21612: _Code.UNREACHABLE,
        21614: _Code.LANDLINE,  # To is not a mobile number
        21617: _Code.INVALID_CONTENT,  # more than 1,600 characters
        21619: _Code.INVALID_CONTENT,  # neither text nor media
        21620: _Code.INVALID_CONTENT,  # an address of media that cannot be read
        21623: _Code.INVALID_CONTENT,  # more media than a message takes
        21655: _Code.INVALID_CONTENT,  # the content is there no more
        21656: _Code.INVALID_CONTENT,  # what fills it cannot stand there
        21703: _Code.UNREGISTERED_SENDER,  # the service has no number that can send
        21704: _Code.UNREGISTERED_SENDER,  # the service has no number
        21717: _Code.UNREGISTERED_SENDER,  # brand not registered
        21729: _Code.UNREGISTERED_SENDER,  # campaign suspended
        30001: _Code.QUEUE_OVERFLOW,
        30002: _Code.ACCOUNT_REFUSED,  # account suspended
        30003: _Code.UNREACHABLE,
        30004: _Code.BLOCKED,
        30005: _Code.UNKNOWN_HANDSET,
        30006: _Code.LANDLINE,
        30007: _Code.FILTERED,
        30008: _Code.UNKNOWN,
        30011: _Code.INVALID_CONTENT,  # media where the recipient's carrier takes none
        30018: _Code.UNREGISTERED_SENDER,  # a warning of 30040
        30019: _Code.INVALID_CONTENT,  # larger than the carrier takes
        30021: _Code.PROVIDER_OUTAGE,
        30022: _Code.CARRIER_LIMIT,
        30023: _Code.CARRIER_LIMIT,
        30024: _Code.UNREGISTERED_SENDER,
        30026: _Code.CARRIER_LIMIT,  # a warning at 70% of 30027
        30027: _Code.CARRIER_LIMIT,
        30032: _Code.UNREGISTERED_SENDER,  # toll-free number not verified
        30033: _Code.UNREGISTERED_SENDER,  # campaign suspended
        30034: _Code.UNREGISTERED_SENDER,  # number without a campaign
        30035: _Code.UNREGISTERED_SENDER,  # number still being set up
        30036: _Code.EXPIRED,  # the validity period ran out
        30037: _Code.ACCOUNT_REFUSED,  # outbound messaging disabled
        30038: _Code.FILTERED,  # a one-time password
        30040: _Code.UNREGISTERED_SENDER,  # the country asks for registered sender names
        30041: _Code.UNREGISTERED_SENDER,  # the same of numbers, in the United Kingdom
        30450: _Code.FILTERED,  # taken for fraud by pumping traffic
        30453: _Code.FILTERED,  # the same
        30454: _Code.CARRIER_LIMIT,  # the account's own
        30485: _Code.FILTERED,  # taken for fraud
        30500: _Code.PROVIDER_OUTAGE,
        63003: _Code.INVALID_NUMBER,
        63016: _Code.INVALID_CONTENT,  # not in the form that the channel asks for after a day
        63018: _Code.CARRIER_LIMIT,
        63019: _Code.INVALID_CONTENT,  # media that cannot be downloaded
        63024: _Code.INVALID_NUMBER,
        63031: _Code.INVALID_NUMBER,  # the sender's own
        63036: _Code.UNREACHABLE,
        63038: _Code.CARRIER_LIMIT,
    }
)
# What is about no message in particular, by the ranges that Twilio gives its numbers in; the first that fits.
_FAULTS: tuple[tuple[range, AlertKind, ProviderFault | RegistrationFault], ...] = (
    (range(11200, 11300), AlertKind.PROVIDER_ERROR, ProviderFault.REPORTS_LOST),  # our own webhooks fail
    (range(12100, 12400), AlertKind.PROVIDER_ERROR, ProviderFault.ANSWER_UNREADABLE),  # what they answer is wrong
    (range(12400, 12401), AlertKind.PROVIDER_ERROR, ProviderFault.OUTAGE),
    (range(13000, 14000), AlertKind.PROVIDER_ERROR, ProviderFault.CALL_FAILED),
    (range(20429, 20430), AlertKind.PROVIDER_ERROR, ProviderFault.RATE_LIMITED),
    (range(20500, 20600), AlertKind.PROVIDER_ERROR, ProviderFault.OUTAGE),
    (range(21700, 21800), AlertKind.PROVIDER_ERROR, ProviderFault.NUMBER_SETUP),  # messaging services
    (range(30440, 30520), AlertKind.REGISTRATION, RegistrationFault.TOLL_FREE_REJECTED),
    (range(30700, 30800), AlertKind.REGISTRATION, RegistrationFault.BUSINESS_REJECTED),
    (range(30879, 30880), AlertKind.REGISTRATION, RegistrationFault.TOLL_FREE_REJECTED),
    (range(30880, 30940), AlertKind.REGISTRATION, RegistrationFault.USE_CASE_REJECTED),
    (range(63000, 63100), AlertKind.PROVIDER_ERROR, ProviderFault.NUMBER_SETUP),  # senders of other channels
)
UNKNOWN = AlertGroup(AlertKind.PROVIDER_ERROR, ProviderFault.UNKNOWN)


def issue_of(code: int | None) -> DeliveryIssueCode:
    """The reason behind an error number; UNKNOWN for one that is not in the catalogue."""
    return known_issue(code or 0) or DeliveryIssueCode.UNKNOWN


def known_issue(code: int) -> DeliveryIssueCode | None:
    """The reason behind an error number that is about a message, or None."""
    return _ISSUES.get(code)


def group_of(code: int) -> AlertGroup | None:
    """What an error number raises: `UNKNOWN` for one that is not in the catalogue, None for what is no alert."""
    if code in _ISSUES:
        return group_of_issue(_ISSUES[code])
    return next((AlertGroup(kind, fault) for numbers, kind, fault in _FAULTS if code in numbers), UNKNOWN)
