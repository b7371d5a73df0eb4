"""API clients of a test: what is sent to change them, and what they get at the token endpoint."""

from typing import Any

import httpx2

from tests.product import Product

CREATE = """mutation ($input: ApiClientCreateInput!) {
  apiClientCreate(input: $input) { apiClient { id clientId } secret errors { code path message } }
}"""
ROTATE = """mutation ($id: ID!, $key: String!, $hours: Int! = 24) {
  apiClientRotate(id: $id, idempotencyKey: $key, overlapHours: $hours) {
    apiClient { secrets { hint expiresAt } } secret idempotentReplay errors { code path message }
  }
}"""
DISABLE = "mutation ($id: ID!) { apiClientDisable(id: $id) { apiClient { disabledAt } errors { code path message } } }"
CLIENTS = """{ apiClients {
  id name clientId scopes effectiveScopes authentication createdBy { email } createdAt lastUsedAt expiresAt disabledAt
  secrets { hint createdAt expiresAt }
} }"""


async def ask_for_token(product: Product, client_id: str, secret: str, **fields: str) -> tuple[int, dict[str, Any]]:
    """The status and the body of the token endpoint's answer."""
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
        answer = await http.post(
            f"{product.url}/oauth/token",
            data={"grant_type": "client_credentials", **fields},
            auth=(client_id, secret),
        )
    return answer.status_code, dict(answer.json())


async def scopes_of_token(product: Product, client_id: str, secret: str) -> list[str]:
    """What a token names that is given to this client; nothing where it gets none."""
    status, body = await ask_for_token(product, client_id, secret)
    return body["scope"].split() if status == 200 else []
