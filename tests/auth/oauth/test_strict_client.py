"""The npm package oauth4webapi, certified and not ours, goes through every flow of the served product."""

import asyncio
import json

from joserfc.jwk import ECKey

from auth.api_clients import ApiClientTerms, ClientAuthentication, add_api_client, create_api_client
from auth.oauth.applications import ApplicationOffer, add_application
from auth.permissions import Permission, TenantRole
from auth.public_keys import read_public_keys
from portal.database import DatabaseRole
from tests.node import MODULES, node_or_skip
from tests.product import PASSWORD, Product

REDIRECT_URI = "http://127.0.0.1:51004/callback"


async def test_as_38_as_12_as_16_as_17_as_35_a_strict_client_finds_every_flow_right(product: Product) -> None:
    node = node_or_skip()
    tenant = await product.tenant()
    email = "dora@example.com"
    await product.person(email, tenant.id, TenantRole.DEVELOPER)
    key = ECKey.generate_key("P-256", auto_kid=True)
    may = frozenset({Permission.CONTACTS_READ, Permission.USAGE_READ})
    keyed = ApiClientTerms(
        "Night job",
        may,
        None,
        ClientAuthentication.PRIVATE_KEY_JWT,
        read_public_keys({"keys": [key.as_dict(private=False)]}),
    )
    now = product.clock.now()
    async with product.database.as_role(DatabaseRole.AUTH) as tx:
        application = await add_application(tx, now, ApplicationOffer("Helper", ["http://127.0.0.1/callback"], may))
        basic = await create_api_client(tx, now, tenant_id=tenant.id, name="Shop", permissions=may, created_by=None)
        by_key = await add_api_client(tx, now, tenant.id, keyed)
    told = {
        "modules": str(MODULES),
        "issuer": product.url,
        "resource": f"{product.url}/graphql",
        "redirect_uri": REDIRECT_URI,
        "person": {"email": email, "password": PASSWORD},
        "application": {"client_id": application.client_id},
        "basic": {"client_id": basic.client_id, "client_secret": basic.client_secret},
        "keyed": {"client_id": by_key.client_id, "key": key.as_dict(private=True)},
    }
    script = __file__.replace("test_strict_client.py", "strict_client.mjs")
    ran = await asyncio.create_subprocess_exec(node, script, json.dumps(told), stdout=asyncio.subprocess.PIPE)
    out, _ = await ran.communicate()
    assert ran.returncode == 0
    machine = {
        "scope": "contacts:read usage:read",
        "permissions": ["CONTACTS_READ", "USAGE_READ"],
        "before": True,
        "after": False,
        "atTheApi": "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
    }
    assert json.loads(out) == {
        "claims": ["aud", "client_id", "exp", "grant_id", "iat", "iss", "jti", "scope", "sub", "tenant_id"],
        "permissions": ["CONTACTS_READ", "USAGE_READ"],
        "refreshed": "contacts:read usage:read",
        "reuse": "invalid_grant",
        "family": "invalid_grant",
        "familyAtTheApi": "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
        "revoked": "invalid_grant",
        "basic": machine,
        "keyed": machine,
    }
