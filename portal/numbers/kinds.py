"""What a number is and can do. Pure."""

from enum import StrEnum

import phonenumbers


class NumberKind(StrEnum):
    """Which numbers of its country's plan it is one of."""

    LOCAL = "LOCAL"
    MOBILE = "MOBILE"
    TOLL_FREE = "TOLL_FREE"
    SHORT_CODE = "SHORT_CODE"


class NumberCapability(StrEnum):
    """What a number can be used for."""

    SMS = "SMS"
    MMS = "MMS"
    VOICE = "VOICE"


_KINDS = {
    phonenumbers.PhoneNumberType.MOBILE: NumberKind.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
}


def kind_of(number: str) -> NumberKind:
    """The kind of a tenant's number; North American numbers do not tell mobile from local, and count as local."""
    if not number.startswith("+"):
        return NumberKind.SHORT_CODE
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(number)), NumberKind.LOCAL)
