"""What is sent, by the Standard Webhooks specification: the payload, and the headers that prove it is ours. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from standardwebhooks import Webhook

from portal.clock import written
from portal.webhooks.events import WebhookEvent


def payload(event: WebhookEvent, at: datetime, data: Any) -> str:
    """The body: the same text whenever the same event is sent."""
    return orjson.dumps({"type": event.type, "timestamp": written(at), "data": data}).decode()


def webhook_id(event_id: UUID) -> str:
    """What receivers know an event by: the same at each attempt, at each replay and at each endpoint."""
    return f"evt_{event_id.hex}"


def signed_headers(event_id: UUID, body: str, secrets: Iterable[str], *, now: datetime) -> dict[str, str]:
    """The headers of one attempt; each secret that is good signs, so that a receiver may know either."""
    id = webhook_id(event_id)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(id, now, body) for secret in secrets),
    }
