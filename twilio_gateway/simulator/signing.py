"""Signs a callback as Twilio does, and gives it as it goes over the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urldefrag, urlencode

from twilio.request_validator import RequestValidator

from twilio_gateway.simulator.payloads import JSON, Content

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class SignedCallback:
    """A POST, ready to go."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def sign(url: str, content: Content | bytes, auth_token: str, *, token: str) -> SignedCallback:
    """The callback of this content, signed with the account's auth token.

    Args:
        url: where it goes; a fragment holds settings, and is neither sent nor signed.
        content: a form's fields; or JSON, also as its bytes, whose SHA-256 is then in the address and so is signed.
        auth_token: the account's.
        token: its idempotency token, the same on each repeat.
    """
    url = urldefrag(url).url
    fields = content if isinstance(content, dict) else {}
    if isinstance(content, dict):
        body, media = urlencode(content).encode(), FORM
    else:
        body, media = content if isinstance(content, bytes) else json.dumps(content).encode(), JSON
        url = f"{url}{'&' if '?' in url else '?'}bodySHA256={sha256(body).hexdigest()}"
    headers = {
        "Content-Type": media,
        "X-Twilio-Signature": RequestValidator(auth_token).compute_signature(url, fields),
        "I-Twilio-Idempotency-Token": token,
        "User-Agent": "TwilioProxy/1.1",
    }
    return SignedCallback(url, body, headers)
