"""What comes from outside while the page is open: people who write, and the provider that reports."""

import json
import secrets
from dataclasses import dataclass

import httpx2
from twilio.request_validator import RequestValidator

from api.home import encryption_key
from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.tenants.accounts import ProviderAccounts
from portal.tenants.tenants import find_tenants
from tests.page.visitor import DemoPortal


@dataclass(frozen=True)
class Carrier:
    """Calls the running portal back about one tenant, signed with that tenant's own token."""

    address: str
    account_sid: str
    token: str

    @classmethod
    async def of(cls, portal: DemoPortal, slug: str) -> "Carrier":
        """The carrier of a demo tenant."""
        settings = Settings(_env_file=None, portal_home=portal.mails.parent)  # type: ignore[call-arg]  # pydantic's own
        database = await Database.connect(settings.database(), pool_size=2)
        try:
            async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
                (tenant,) = await find_tenants(tx, slug)
            box = SecretBox(encryption_key(settings).get_secret_value())
            found = await ProviderAccounts(database, box, SystemClock()).secrets(tenant.id)
        finally:
            await database.close()
        assert found is not None
        address = f"{portal.url}/webhooks/twilio/{tenant.id}"
        return cls(address, found.credentials.account_sid, found.signing_tokens[0])

    async def write(self, sender: str, body: str) -> None:
        """Somebody writes to the tenant."""
        sid = f"SM{secrets.token_hex(16)}"
        await self._post(
            "inbound-messages",
            {"MessageSid": sid, "SmsSid": sid, "From": sender, "To": "+12025550199", "Body": body, "NumMedia": "0"},
        )

    async def report(self, code: str) -> None:
        """The provider's log tells of an error."""
        payload = {"error_code": code, "resource_sid": f"SM{secrets.token_hex(16)}", "more_info": {}}
        await self._post(
            "debugger",
            {
                "Sid": f"NO{secrets.token_hex(16)}",
                "Level": "ERROR",
                "Timestamp": "2026-11-27T00:00:00Z",
                "PayloadType": "application/json",
                "Payload": json.dumps(payload),
            },
        )

    async def _post(self, kind: str, fields: dict[str, str]) -> None:
        url, form = f"{self.address}/{kind}", {"AccountSid": self.account_sid, **fields}
        signature = RequestValidator(self.token).compute_signature(url, form)
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            answer = await http.post(url, data=form, headers={"X-Twilio-Signature": signature})
        assert answer.is_success, answer.text
