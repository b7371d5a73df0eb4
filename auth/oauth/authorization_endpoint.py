"""The authorization endpoint (RFC 6749, 3.1): a person signs in, is asked, and the application gets a code or a no."""

import hmac
import logging
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.errors import (
    AccessDeniedError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.grants import BaseGrant
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.authentication import SESSION_COOKIE, Authenticator
from auth.forms import BadFormError, parse_form, read_form
from auth.oauth.clients import Application, find_client
from auth.oauth.consent_pages import ConsentPages
from auth.oauth.errors import ConsentRequiredError, InvalidTargetError, LoginRequiredError
from auth.oauth.grants import start_grant
from auth.oauth.server import Server
from auth.principal import Principal
from auth.throttle import address_of
from auth.tokens import AccessTokens
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.clock import Clock
from portal.database import Database, DatabaseRole

AUTHORIZATION_PATH = "/oauth/authorize"
ACTION = "applicationAllow"  # in the audit log
_LONGEST_QUERY = 8 * 1024
_log = logging.getLogger(__name__)


class UntrustedRequestError(Exception):
    """The request names no application, or no address of it: nobody is sent anywhere (RFC 9700, 4.11)."""


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """A request that Authlib found right."""

    application: Application
    server: Server
    request: OAuth2Request
    grant: BaseGrant

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes."""
        redirect_uri: str = self.request.payload.redirect_uri
        return redirect_uri


class AuthorizationEndpoint:
    """Answers `/oauth/authorize`: GET asks the person, POST is the person's answer."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        authenticator: Authenticator,
        tokens: AccessTokens,
        pages: ConsentPages,
        *,
        issuer: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._authenticator = authenticator
        self._tokens = tokens
        self._pages = pages
        self._issuer = issuer

    async def ask(self, request: Request) -> Response:
        """The consent page, after signing in; the person is asked each time."""
        query = request.url.query
        try:
            asked = await self._read(query)
            silent = "none" in asked.request.payload.data.get("prompt", "").split(" ")
            person = await self._authenticator.visitor(request)
            if person is None:
                if silent:
                    raise LoginRequiredError(redirect_uri=asked.redirect_uri, state=asked.request.payload.state)
                return _to_sign_in(query)
            _admit(asked, person)
            if silent:
                raise ConsentRequiredError(redirect_uri=asked.redirect_uri, state=asked.request.payload.state)
        except UntrustedRequestError as error:
            return self._pages.refusal(str(error))
        except OAuth2Error as error:
            return self._sent_back(error)
        proof = _proof(request.cookies[SESSION_COOKIE], query)
        return await self._pages.question(
            asked.application, asked.redirect_uri, person, asked.grant.request.scope, query=query, proof=proof
        )

    async def decide(self, request: Request) -> Response:
        """The person's answer: the form has to be the one that this session was shown, for this very request."""
        try:
            fields = await read_form(request)
        except BadFormError as error:
            return self._pages.refusal(str(error), error.status)
        query, secret = fields.get("request", ""), request.cookies.get(SESSION_COOKIE, "")
        person = await self._authenticator.visitor(request)
        if person is None or not hmac.compare_digest(_proof(secret, query).encode(), fields.get("proof", "").encode()):
            return self._pages.refusal("This answer is not to a question that you were asked in this session.", 403)
        try:
            asked = await self._read(query)
            _admit(asked, person)
            if fields.get("decision") != "allow":
                raise AccessDeniedError(redirect_uri=asked.redirect_uri, state=asked.request.payload.state)
            origin = Origin(person.actor, secrets.token_hex(16), address_of(request))
            return await self._allow(asked, person, origin)
        except UntrustedRequestError as error:
            return self._pages.refusal(str(error))
        except OAuth2Error as error:
            return self._sent_back(error)

    async def _read(self, query: str) -> AskedConsent:
        if len(query) > _LONGEST_QUERY:
            raise UntrustedRequestError("The address is too long.")
        try:
            fields = parse_form(query.encode())
        except BadFormError as error:
            raise UntrustedRequestError(str(error)) from None
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            application = await find_client(tx, self._clock.now(), fields.get("client_id", ""))
        redirect_uri = fields.get("redirect_uri", "")
        if not isinstance(application, Application):
            raise UntrustedRequestError("No application of this name is known here.")
        if not application.check_redirect_uri(redirect_uri):
            raise UntrustedRequestError(
                "The application asked to be answered at an address that it is not registered with."
            )
        return self._judged(application, fields)

    def _judged(self, application: Application, fields: dict[str, str]) -> AskedConsent:
        server = Server(self._issuer, application)
        request = server.request("GET", AUTHORIZATION_PATH, fields)
        audience = self._tokens.audience(for_staff=application.for_staff)
        try:
            # Authlib would quote what was sent in its description, and fail where that is not ASCII.
            if "response_type" not in fields:
                raise InvalidRequestError("The parameter response_type is missing.")
            if fields["response_type"] != "code":
                raise UnsupportedResponseTypeError("any other than code")
            if fields.get("resource", audience) != audience:
                raise InvalidTargetError
            grant = server.get_consent_grant(request)
        except OAuth2Error as error:
            error.redirect_uri, error.state = fields["redirect_uri"], fields.get("state")
            raise
        return AskedConsent(application, server, request, grant)

    async def _allow(self, asked: AskedConsent, person: Principal, origin: Origin) -> Response:
        response: Response = asked.server.create_authorization_response(asked.request, person, asked.grant)
        new = asked.server.new_code
        if new is not None:
            now, application = self._clock.now(), asked.application
            async with self._database.as_role(DatabaseRole.AUTH) as tx:
                await start_grant(
                    tx, now, new, client_id=application.client_id, person_id=person.id, tenant_id=person.tenant_id
                )
                if person.tenant_id is not None:
                    changes = {"application": application.name, "scopes": new.scope.split(" ")}
                    await write_entry(tx, person.tenant_id, origin, AuditEvent(ACTION, changes=changes), at=now)
            _log.info("an application was allowed to act")
        return response

    def _sent_back(self, error: OAuth2Error) -> Response:
        response: Response = Server(self._issuer, None).handle_error_response(None, error)
        return response


def _admit(asked: AskedConsent, person: Principal) -> None:
    """The ISV's staff uses applications for staff, and nobody else does; a member acts in a tenant."""
    fits = person.is_staff if asked.application.for_staff else person.tenant_id is not None
    if not fits:
        raise AccessDeniedError(redirect_uri=asked.redirect_uri, state=asked.request.payload.state)


def _proof(session_secret: str, query: str) -> str:
    """Binds the form to the session and to all that the request says; only who has the session's secret can make it."""
    return hmac.new(session_secret.encode(), b"consent:" + query.encode(), "sha256").hexdigest()


def _to_sign_in(query: str) -> Response:
    return_to = quote(f"{AUTHORIZATION_PATH}?{query}", safe="")
    return RedirectResponse(f"/sign-in?return_to={return_to}", 303, {"Cache-Control": "no-store"})
