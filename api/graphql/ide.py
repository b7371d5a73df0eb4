"""GraphiQL for people who are signed in: a page of our own build, nothing of it from elsewhere."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from api.page import DIST, Page
from auth.principal import Principal

IdePage = Callable[[Request], Awaitable[Response]]
_FILE = "graphiql.html"
_NOT_BUILT = "GraphiQL is not built. Run: make page\n"


def ide_page(visitor: Callable[[Request], Awaitable[Principal | None]], dist: Path = DIST) -> IdePage:
    """What a browser gets that opens the endpoint's address: GraphiQL, or the way to the sign-in page."""
    page = Page(dist)

    async def answer(request: Request) -> Response:
        if await visitor(request) is None:
            target = f"/sign-in?{urlencode({'return_to': request.url.path})}"
            response: Response = RedirectResponse(target, status_code=303)
        elif (dist / _FILE).is_file():
            response = await page.get_response(_FILE, request.scope)
        else:
            response = PlainTextResponse(_NOT_BUILT, status_code=404)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Vary"] = "Accept"
        return response

    return answer
