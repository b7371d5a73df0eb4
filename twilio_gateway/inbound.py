"""Reads Twilio's callbacks about messages to a tenant's numbers."""

import re
from collections.abc import Mapping
from datetime import datetime

from portal.conversations.keywords import Keyword
from portal.conversations.provider import InboundMessage

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


def _count(text: str | None) -> int | None:
    found = _COUNT.fullmatch(text or "")
    return int(found[0]) if found else None
