"""The page behind a preference link: opening it changes nothing, for scanners of links do that too; a button saves."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.forms import BadFormError, read_form
from auth.pages.page import HEADERS
from auth.throttle import Purpose, Throttle, address_of
from portal.clock import Clock
from portal.contacts.numbers import mask_number
from portal.contacts.preferences import ContactChannel
from portal.contacts.suppressions import SuppressionSource
from portal.database import Database
from portal.preferences.choosing import Choice, NotChosenError, Standing, choose, read_standing
from portal.preferences.links import PreferenceLinks

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGE = _TEMPLATES.get_template("preferences.html")
_HEADERS = HEADERS | {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
_UNKNOWN = "This link leads nowhere: open it from the message as it was sent.\n"
_NOBODY = "unknown link"  # whose failures are counted together, beside the address
_IPV4, _IPV6 = 24, 48  # bits of an address that the evidence keeps


class PreferencesPage:
    """Shows a consumer's choices, and saves them."""

    def __init__(self, links: PreferenceLinks, database: Database, throttle: Throttle, clock: Clock) -> None:
        self._links = links
        self._database = database
        self._throttle = throttle
        self._clock = clock

    def routes(self) -> list[Route]:
        """The page and its form."""
        return [
            Route("/p/{token}", self.show, methods=["GET"]),
            Route("/p/{token}", self.save, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page as it stands."""
        opened = self._links.opened(request.path_params["token"])
        if opened is None:
            return await self._unknown(request)
        tenant_id, number = opened
        async with self._database.for_tenant(tenant_id, read_only=True) as tx:
            standing = await read_standing(tx, number)
        if standing is None:
            return await self._unknown(request)
        return self._shown(number, standing, saved="saved" in request.query_params)

    async def save(self, request: Request) -> Response:
        """Save what the form says, and show the page anew."""
        token = request.path_params["token"]
        opened = self._links.opened(token)
        if opened is None:
            return await self._unknown(request)
        if wait := await self._throttle.attempt(Purpose.PREFERENCES, token, address_of(request)):
            return _too_many(wait)
        try:
            fields = await read_form(request)
        except BadFormError as error:
            return PlainTextResponse(f"{error}\n", error.status, _HEADERS)
        tenant_id, number = opened
        async with self._database.for_tenant(tenant_id) as tx:
            standing = await read_standing(tx, number)
            if standing is None:
                return await self._unknown(request)
            try:
                choice = Choice.of(fields, standing.topics)
            except NotChosenError as error:
                return self._shown(number, standing, given=fields, error=str(error))
            address = _masked(address_of(request))
            await choose(tx, number, choice, standing.shown, address=address, now=self._clock.now())
        return RedirectResponse(f"/p/{token}?saved", 303, _HEADERS)

    def _shown(
        self,
        number: str,
        standing: Standing,
        *,
        saved: bool = False,
        given: Mapping[str, str] | None = None,
        error: str = "",
    ) -> Response:
        """The page, filled with what was given where that was no choice, else with what holds."""
        consumer = standing.consumer
        by_preference = consumer.suppressed_by in {None, SuppressionSource.PREFERENCE}
        text = _PAGE.render(
            standing=standing,
            number=mask_number(number),
            form=_form_of(standing) if given is None else given,
            stopped=not by_preference,
            saved=saved,
            error=error,
        )
        return HTMLResponse(text, 400 if error else 200, _HEADERS)

    async def _unknown(self, request: Request) -> Response:
        """Whatever is wrong with a link it is answered alike; who tries many has to wait."""
        if wait := await self._throttle.attempt(Purpose.PREFERENCES, _NOBODY, address_of(request)):
            return _too_many(wait)
        return PlainTextResponse(_UNKNOWN, 404, _HEADERS)


def _form_of(standing: Standing) -> dict[str, str]:
    """The fields of the form as what holds now would be sent."""
    consumer = standing.consumer
    topics = (topic for topic in standing.topics if topic not in consumer.declined_topics)
    begin, end = consumer.quiet or (None, None)
    return {
        "channel": consumer.channel or ContactChannel.SMS,
        "quiet-from": f"{begin:%H:%M}" if begin else "",
        "quiet-until": f"{end:%H:%M}" if end else "",
        **{f"topic {topic}": "on" for topic in topics},
    }


def _too_many(wait: int) -> Response:
    headers = _HEADERS | {"Retry-After": str(wait)}
    return PlainTextResponse(f"Too many attempts. Wait {wait // 60 + 1} minutes, then try again.\n", 429, headers)


def _masked(address: str) -> str | None:
    """The network that an address is of: enough to tell where a choice came from, not who made it."""
    try:
        bits = _IPV4 if ip_address(address).version == 4 else _IPV6  # noqa: PLR2004  IPv4
    except ValueError:
        return None
    return str(ip_network(f"{address}/{bits}", strict=False))
