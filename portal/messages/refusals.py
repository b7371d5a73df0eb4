"""Why a send or one of its recipients is refused."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class SendProblem(StrEnum):
    """Why a whole send is not accepted."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    TOO_MANY_RECIPIENTS = "TOO_MANY_RECIPIENTS"
    RECIPIENTS_REFUSED = "RECIPIENTS_REFUSED"
    NO_SENDER = "NO_SENDER"
    SENDER_NOT_READY = "SENDER_NOT_READY"
    TENANT_NOT_ACTIVE = "TENANT_NOT_ACTIVE"
    POLICY = "POLICY"
    TEMPLATE_NOT_READY = "TEMPLATE_NOT_READY"
    INVALID_TIME = "INVALID_TIME"
    MEDIA_NOT_ALLOWED = "MEDIA_NOT_ALLOWED"
    MEDIA_UNREACHABLE = "MEDIA_UNREACHABLE"
    MEDIA_TYPE = "MEDIA_TYPE"
    MEDIA_TOO_LARGE = "MEDIA_TOO_LARGE"


class RefusalCode(StrEnum):
    """Why one recipient gets no message; it costs nothing."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_NUMBER = "INVALID_NUMBER"
    DUPLICATE = "DUPLICATE"
    OPTED_OUT = "OPTED_OUT"
    PREFERENCE = "PREFERENCE"
    LANDLINE = "LANDLINE"
    MISSING_VARIABLE = "MISSING_VARIABLE"
    TEXT_TOO_LONG = "TEXT_TOO_LONG"
    QUIET_HOURS = "QUIET_HOURS"
    COUNTRY_NOT_IN_PLAN = "COUNTRY_NOT_IN_PLAN"
    COUNTRY_WITHOUT_MMS = "COUNTRY_WITHOUT_MMS"
    POLICY = "POLICY"
    PAUSED = "PAUSED"
    ALLOWANCE_EXHAUSTED = "ALLOWANCE_EXHAUSTED"
    CREDITS_EXHAUSTED = "CREDITS_EXHAUSTED"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody who gets nothing; `index` is the place among all who were asked for."""

    index: int
    contact_id: UUID | None
    number: str | None
    code: RefusalCode
    message: str
