"""Who holds an access token: one statement that also says whether token, client, grant and person still stand."""

from datetime import datetime

from auth.api_clients import name_of_api_client
from auth.oauth.grants import GRANT_HOLDERS, GRANT_STANDS
from auth.principal import Principal, PrincipalKind
from auth.tokens import AccessToken, SubjectKind
from portal.database import Transaction

_PERSON = f"""
SELECT person.name, person.email, person.staff_role, person.locale, person.time_zone,
  oauth_application.name AS application
FROM oauth_grant {GRANT_HOLDERS}
WHERE {GRANT_STANDS} AND oauth_grant.id = $2 AND oauth_grant.person_id = $3 AND oauth_grant.client_id = $4
  AND oauth_grant.tenant_id IS NOT DISTINCT FROM $5
  AND NOT EXISTS (SELECT FROM revoked_token WHERE jti = $6)
"""  # noqa: S608  made of constants


async def find_holder(tx: Transaction, at: datetime, token: AccessToken) -> Principal | None:
    """Who may act with this token, or None when nobody may any more. Database role `auth`."""
    if token.subject.kind is SubjectKind.CLIENT:
        return await _machine(tx, at, token)
    subject = token.subject
    row = await tx.row(_PERSON, at, subject.grant_id, subject.id, subject.client_id, subject.tenant_id, token.jti)
    if row is None:
        return None
    return Principal(
        kind=PrincipalKind.MEMBER if subject.kind is SubjectKind.PERSON else PrincipalKind(row["staff_role"]),
        id=subject.id,
        name=row["name"],
        tenant_id=subject.tenant_id,
        token_permissions=token.permissions,
        email=row["email"],
        client_id=subject.client_id,
        application=row["application"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )


async def _machine(tx: Transaction, at: datetime, token: AccessToken) -> Principal | None:
    subject = token.subject
    if subject.tenant_id is None:
        return None
    name = await name_of_api_client(tx, at, subject.tenant_id, subject.id, token.jti)
    if name is None:
        return None
    return Principal(
        kind=PrincipalKind.API_CLIENT,
        id=subject.id,
        name=name,
        tenant_id=subject.tenant_id,
        token_permissions=token.permissions,
        client_id=subject.client_id,
    )
