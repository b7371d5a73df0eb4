"""Looks numbers up: Lookup v2 with the line's type, which is what it costs; whether a number is valid comes free."""

from collections.abc import Mapping
from types import MappingProxyType

from portal.contacts.preferences import LineType
from portal.lookups.provider import LineReport
from portal.messages.provider import ProviderCredentials
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.messages import told_unavailable

_FIELDS = "line_type_intelligence"
_TYPES: Mapping[str, LineType] = MappingProxyType(
    {
        "mobile": LineType.MOBILE,
        "landline": LineType.LANDLINE,
        "fixedVoip": LineType.VOIP,
        "nonFixedVoip": LineType.VOIP,
        "tollFree": LineType.TOLL_FREE,
    }
)


class TwilioLookups:
    """Implements the port `portal.lookups.provider.LineProvider`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http

    async def look_up(self, credentials: ProviderCredentials, number: str) -> LineReport:
        """What Twilio knows of a number in E.164.

        Raises:
            ProviderUnavailableError: no answer, or a refusal.
        """
        with told_unavailable():
            found = await TenantAccount(self._http, credentials).lookups(number).fetch_async(fields=_FIELDS)
            line = found.line_type_intelligence or {}
            kind = line.get("type")  # null with an error_code where carriers tell nothing
            return LineReport(bool(found.valid), found.country_code, kind and _TYPES.get(kind, LineType.UNKNOWN))
