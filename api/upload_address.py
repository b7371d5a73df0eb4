"""Where files are put: an address that `uploadCreate` gave says whose it is and what for, and is good once."""

from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from portal.clock import Clock
from portal.database import Database
from portal.files.uploads import PutProblem, Uploads
from portal.problems import RefusedError

_HEADERS = {"Cache-Control": "no-store"}
_STATUS = {
    PutProblem.NOT_FOUND: HTTPStatus.NOT_FOUND,
    PutProblem.EXPIRED: HTTPStatus.GONE,
    PutProblem.USED: HTTPStatus.CONFLICT,
    PutProblem.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    PutProblem.TOO_SMALL: HTTPStatus.BAD_REQUEST,
}


class UploadAddress:
    """Takes a file as it comes, a piece at a time; whoever has the address needs nothing else."""

    def __init__(self, uploads: Uploads, database: Database, clock: Clock) -> None:
        self._uploads = uploads
        self._database = database
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """204 where the whole file is stored; else a status of 4xx and why."""
        try:
            await self._uploads.put(self._database, request.path_params["token"], request.stream(), self._clock)
        except RefusedError as refusal:
            (problem,) = refusal.problems
            # What is still coming is not read: the connection ends with the answer.
            headers = {**_HEADERS, "Connection": "close"}
            return PlainTextResponse(f"{problem.message}\n", _STATUS[PutProblem(problem.code)], headers)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST, headers=_HEADERS)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=_HEADERS)
