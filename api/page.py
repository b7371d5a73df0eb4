"""Serves the built page: its files for ever, its index.html always fresh, under a strict content policy."""

from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

DIST = Path(__file__).parent.parent / "frontend-stub" / "dist"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOT_BUILT = "The page is not built yet. Run: make page\n(The API works without it.)\n"


class Page(StaticFiles):
    """The files of the page; every address that the page itself resolves answers index.html."""

    def __init__(self, dist: Path = DIST) -> None:
        super().__init__(directory=dist, check_dir=False)
        self.config_checked = True  # a page that is not built yet is no broken installation: it says what to do

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or index.html for an address that a browser opens."""
        response = await self._find(path, scope)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            # Vite names what it puts into assets/ by its content; all else may change under its name.
            fixed = path.startswith("assets/")
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fixed else "no-cache"
        response.headers.update(_HEADERS)
        return response

    async def _find(self, path: str, scope: Scope) -> Response:
        hidden = any(part.startswith(".") for part in path.split("/") if part != ".")
        if not hidden:
            try:
                return await super().get_response(path, scope)
            except HTTPException as error:
                if error.status_code != HTTPStatus.NOT_FOUND:
                    raise
        if hidden or path.startswith("assets/") or not (path == "." or _browser_opens(scope)):
            return PlainTextResponse("Not found\n", status_code=404)
        try:
            return await super().get_response("index.html", scope)
        except HTTPException:
            return PlainTextResponse(_NOT_BUILT, status_code=503)


def page_routes(dist: Path = DIST) -> list[Mount]:
    """The page at every address that nothing else took: put it last."""
    return [Mount("/", Page(dist), name="page")]


def _browser_opens(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
