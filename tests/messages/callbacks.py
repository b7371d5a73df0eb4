"""Posts callbacks as Twilio does, or as somebody who would like to be Twilio."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
from twilio.request_validator import RequestValidator

from tests.product import Product, TenantUnderTest

FORM = "application/x-www-form-urlencoded"


def fields_of(tenant: TenantUnderTest, status: str, *, sid: str = "SM" + "1" * 32, **more: str) -> dict[str, str]:
    """The form of a status callback."""
    common = {"AccountSid": tenant.account_sid, "ApiVersion": "2010-04-01", "From": "+12025550199"}
    return common | {"MessageSid": sid, "MessageStatus": status, "SmsSid": sid, "SmsStatus": status} | more


class Twilio:
    """Calls the portal back; keeps its connections, as Twilio does."""

    def __init__(self, product: Product, http: httpx2.AsyncClient) -> None:
        self._url = product.url
        self._http = http

    def address(self, tenant_id: UUID, message_id: UUID) -> str:
        """Where a message is called back at."""
        return f"{self._url}/webhooks/twilio/{tenant_id}/messages/{message_id}"

    async def call(
        self,
        tenant: TenantUnderTest,
        message_id: UUID,
        fields: Mapping[str, str],
        *,
        token: str | None = None,
        path_tenant: UUID | None = None,
        **more: Any,
    ) -> int:
        """Post these fields, signed with the tenant's token or another; the answer's status."""
        url = self.address(path_tenant or tenant.id, message_id)
        signature = RequestValidator(token or tenant.auth_token).compute_signature(url, fields)
        return await self.post(url, signature, urlencode(fields).encode(), **more)

    async def post(self, url: str, signature: str | None, body: bytes, *, content_type: str = FORM) -> int:
        """Post this body with this signature; the answer's status."""
        headers = {b"Content-Type": content_type.encode()}
        if signature is not None:
            headers[b"X-Twilio-Signature"] = signature.encode("latin-1")  # whatever bytes an attacker likes
        return (await self._http.post(url, content=body, headers=headers)).status_code
