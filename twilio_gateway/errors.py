"""Twilio's error numbers, and the reason that a tenant reads for each."""

from types import MappingProxyType

from portal.messages.issues import DeliveryIssueCode

_Code = DeliveryIssueCode
# https://www.twilio.com/docs/api/errors. Refused at once: 2xxxx; told later, about a message that was accepted: 30xxx.
_ISSUES = MappingProxyType(
    {
        20003: _Code.PROVIDER_OUTAGE,  # credentials refused: the ISV's business, not the message's fault
        20005: _Code.PROVIDER_OUTAGE,  # account not active
        20404: _Code.PROVIDER_OUTAGE,  # the account or service is not there
        21211: _Code.INVALID_NUMBER,
        21212: _Code.UNREGISTERED_SENDER,  # invalid From
        21217: _Code.INVALID_NUMBER,
        21401: _Code.INVALID_NUMBER,
        21408: _Code.COUNTRY_NOT_ALLOWED,
        21421: _Code.INVALID_NUMBER,
        21606: _Code.UNREGISTERED_SENDER,  # From cannot send to this destination
        21610: _Code.OPTED_OUT,
        21611: _Code.QUEUE_OVERFLOW,
        21612: _Code.UNREACHABLE,
        21614: _Code.LANDLINE,  # To is not a mobile number
        21703: _Code.UNREGISTERED_SENDER,  # the service has no number that can send
        21704: _Code.UNREGISTERED_SENDER,  # the service has no number
        21717: _Code.UNREGISTERED_SENDER,  # brand not registered
        21729: _Code.UNREGISTERED_SENDER,  # campaign suspended
        30001: _Code.QUEUE_OVERFLOW,
        30002: _Code.PROVIDER_OUTAGE,  # account suspended
        30003: _Code.UNREACHABLE,
        30004: _Code.BLOCKED,
        30005: _Code.UNKNOWN_HANDSET,
        30006: _Code.LANDLINE,
        30007: _Code.FILTERED,
        30008: _Code.UNKNOWN,
        30022: _Code.CARRIER_LIMIT,
        30023: _Code.CARRIER_LIMIT,
        30024: _Code.UNREGISTERED_SENDER,
        30032: _Code.UNREGISTERED_SENDER,  # toll-free number not verified
        30033: _Code.UNREGISTERED_SENDER,  # campaign suspended
        30034: _Code.UNREGISTERED_SENDER,  # number without a campaign
        30035: _Code.UNREGISTERED_SENDER,  # number still being set up
        30036: _Code.EXPIRED,  # the validity period ran out
        63018: _Code.CARRIER_LIMIT,
        63038: _Code.CARRIER_LIMIT,
    }
)


def issue_of(code: int | None) -> DeliveryIssueCode:
    """The reason behind an error number; UNKNOWN for one that is not in the catalogue."""
    return _ISSUES.get(code or 0, DeliveryIssueCode.UNKNOWN)
