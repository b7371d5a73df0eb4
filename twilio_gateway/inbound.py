"""Reads what Twilio calls back, and what its log has, of messages to a tenant's numbers."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.conversations.keywords import Keyword
from portal.conversations.provider import InboundMessage
from portal.messages.provider import ProviderCredentials
from twilio_gateway.client import TenantAccount
from twilio_gateway.http import PortalTwilioHttp
from twilio_gateway.messages import records_to, told_unavailable

_COUNT = re.compile(r"\d{1,4}", re.ASCII)


class TwilioInboundMessages:
    """Implements the port `portal.conversations.provider.InboundMessages`."""

    def read(self, fields: Mapping[str, str], received_at: datetime) -> InboundMessage | None:
        """The message in a callback's form fields, or None where they hold none, or one of a channel beside SMS."""
        reference = fields.get("MessageSid") or fields.get("SmsSid")
        sender, recipient = fields.get("From"), fields.get("To")
        if not reference or not sender or not recipient or ":" in sender:  # "whatsapp:+1…", "messenger:…"
            return None
        # https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out: told only where Twilio answers by itself
        opt_out = fields.get("OptOutType", "").upper()
        return InboundMessage(
            reference=reference,
            sender=sender,
            recipient=recipient,
            body=fields.get("Body", ""),
            media_count=_count(fields.get("NumMedia")) or 0,
            segments=_count(fields.get("NumSegments")) or 1,
            handled=Keyword(opt_out) if opt_out in Keyword.__members__ else None,
            received_at=received_at,
        )


class TwilioInboundLog:
    """Implements the port `portal.conversations.provider.InboundLog`."""

    def __init__(self, http: PortalTwilioHttp) -> None:
        self._http = http
        self._messages = TwilioInboundMessages()

    async def received_by(
        self, credentials: ProviderCredentials, number: str, *, since: datetime
    ) -> list[InboundMessage]:
        """The messages to this number that Twilio has of since then, newest first.

        Raises:
            ProviderUnavailableError: no answer.
        """
        with told_unavailable():
            records = await records_to(TenantAccount(self._http, credentials), number, since)
            found = [self._message(record) for record in records if record.direction == "inbound"]
        return [message for message in found if message is not None]

    def _message(self, record: Any) -> InboundMessage | None:
        # The log does not tell what Twilio has answered by itself.
        fields = {
            "MessageSid": record.sid,
            "From": _storable(record.from_ or ""),
            "To": record.to,
            "Body": _storable(record.body or ""),
            "NumMedia": record.num_media,
            "NumSegments": record.num_segments,
        }
        return self._messages.read(fields, record.date_created)


def _storable(text: str) -> str:
    """What somebody wrote, less what JSON can spell and PostgreSQL cannot store: U+0000, and halves of characters."""
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def _count(text: str | None) -> int | None:
    found = _COUNT.fullmatch(text or "")
    return int(found[0]) if found else None
