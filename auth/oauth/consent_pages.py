"""The pages of the authorization endpoint: what an application asks for, and why it is refused. No JavaScript."""

from urllib.parse import urlsplit

from starlette.responses import Response

from auth.oauth.clients import Application
from auth.oauth.redirect_uris import form_source
from auth.pages.page import Pages
from auth.permissions import Permission, permissions_named
from auth.principal import Principal
from portal.database import Database, DatabaseRole


class ConsentPages:
    """Renders them."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages

    async def question(
        self, application: Application, redirect_uri: str, person: Principal, scope: str, *, query: str, proof: str
    ) -> Response:
        """What the application wants to do, as whom and where, and the two answers; `query` is its request."""
        wanted = permissions_named(scope.split(" "))
        response = self._pages.show(
            "consent.html",
            application=application.name,
            goes_to=urlsplit(redirect_uri).hostname or application.name,
            email=person.email,
            tenant=await self._name_of_tenant(person),
            permissions=[permission.description for permission in Permission if permission in wanted],
            query=query,
            proof=proof,
        )
        # Browsers hold the redirect that answers a form to form-action too.
        source = f"form-action 'self' {form_source(redirect_uri)}"
        policy = response.headers["Content-Security-Policy"].replace("form-action 'self'", source)
        response.headers.update({"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})
        return response

    def refusal(self, reason: str, status: int = 400) -> Response:
        """Why nothing is asked, for a person who can do nothing about it but tell the application's maker."""
        response = self._pages.show("consent_refused.html", status=status, error=reason)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def _name_of_tenant(self, person: Principal) -> str | None:
        if person.tenant_id is None:
            return None
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            name: str | None = await tx.value("SELECT name FROM tenant WHERE id = $1", person.tenant_id)
        return name
