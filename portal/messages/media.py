"""What is sent beside a text: what it may be, and the port that `api.media_client` looks at it through. Pure.

The provider fetches media when a message leaves. So they are looked at before it is accepted: what the provider or a
carrier would refuse costs nothing then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import orjson

from portal.messages.refusals import SendProblem
from portal.problems import Problem, RefusedError, refuse

MOST_MEDIA = 10
LARGEST = 5_000_000  # bytes of all media of a message together
LARGEST_AS_IT_IS = 500_000  # bytes of what the provider does not fit to the device
_FITTED = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif"})
MMS_COUNTRIES = frozenset({"US", "CA"})
"""Where carriers take media from the provider."""
# What the provider takes, whatever it then makes of it for a device.
CONTENT_TYPES = frozenset(
    {
        *("image/jpeg", "image/jpg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/heic", "image/heif"),
        *("video/mpeg", "video/mp4", "video/quicktime", "video/webm", "video/3gpp", "video/3gpp2", "video/3gpp-tt"),
        *("video/h261", "video/h263", "video/h263-1998", "video/h263-2000", "video/h264"),
        *("audio/basic", "audio/l24", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/vorbis", "audio/3gpp"),
        *("audio/3gpp2", "audio/ac3", "audio/webm", "audio/amr", "audio/amr-nb", "audio/vnd.wave"),
        *("audio/vnd.rn-realaudio", "text/vcard", "text/x-vcard", "text/csv", "text/rtf", "text/richtext"),
        *("text/calendar", "text/directory", "application/pdf", "application/vcard", "application/vnd.apple.pkpass"),
    }
)


@dataclass(frozen=True, slots=True)
class Media:
    """One of the media of a message; type and size, in bytes, are known once it was looked at."""

    url: str
    content_type: str | None = None
    size: int | None = None


class MediaFault(StrEnum):
    """Why a medium is not taken; its value says so to people, and nothing of the portal's own network."""

    NOT_A_URL = (
        "A URL of media reads like https://example.com/picture.jpg: in ASCII, with a port of 443 or above 1023 if any, "
        "without user, password and what stands behind #."
    )
    # The same for a name that nobody has: else a portal could be asked which names its own network has.
    NOT_PUBLIC = (
        "Its host is not found on the public Internet by https://: check how it is spelt, and put media where anybody "
        "can fetch them."
    )
    TIMED_OUT = "It was not there in time: put it where it comes within seconds."
    NO_ANSWER = "Its server cannot be reached, or its answer not be read."
    REDIRECTS = "It redirects, which is not followed: give the address that it leads to."
    NOT_GIVEN = "Its server answers with an error: check that anybody can fetch it by this address."
    EMPTY = "There is nothing: it is empty."
    WRONG_TYPE = (
        "Its server has to say by Content-Type that it is of a type that carriers take, such as image/jpeg, image/png "
        "or image/gif."
    )
    TOO_LARGE = (
        "All media of a message together have at most 5 MB, and what is no jpeg, png or gif has at most 500 kB: make "
        "it smaller, or leave some out."
    )


class MediaClient(Protocol):
    """Looks at media on the Internet, and at nothing but what is meant to be reached."""

    def fault_of(self, url: str) -> MediaFault | None:
        """What is wrong with a URL by itself."""
        ...

    async def look_at(self, url: str) -> Media | MediaFault:
        """What its server says that it is; no more than a deadline passes, and no more than `LARGEST` is read."""
        ...


def media_of(stored: str | None) -> tuple[Media, ...]:
    """The media that a message's row holds, as JSON."""
    found = orjson.loads(stored) if stored is not None else ()
    return tuple(Media(one["url"], one["contentType"], one["size"]) for one in found)


def stored_media(media: Sequence[Media]) -> str | None:
    """Media as a message's row holds them."""
    if not media:
        return None
    return orjson.dumps([{"url": one.url, "contentType": one.content_type, "size": one.size} for one in media]).decode()


def check_number(urls: Sequence[str]) -> None:
    """Raise RefusedError where there are more than a message takes."""
    if len(urls) > MOST_MEDIA:
        raise RefusedError(
            [
                Problem(
                    SendProblem.INVALID, f"A message takes at most {MOST_MEDIA} media: leave some out.", ("mediaUrls",)
                )
            ]
        )


def check_found(found: Sequence[Media | MediaFault]) -> tuple[Media, ...]:
    """The media that were looked at, in their order.

    Raises:
        RefusedError: what is wrong with which of them, or they are too large together.
    """
    faults = {place: fault for place, one in enumerate(found) if (fault := _fault(one)) is not None}
    if faults:
        raise RefusedError([Problem(_code(one), one.value, ("mediaUrls", str(place))) for place, one in faults.items()])
    media = tuple(one for one in found if isinstance(one, Media))
    if sum(one.size or 0 for one in media) > LARGEST:
        raise refuse(_code(MediaFault.TOO_LARGE), MediaFault.TOO_LARGE, "mediaUrls")
    return media


def _fault(found: Media | MediaFault) -> MediaFault | None:
    if isinstance(found, MediaFault):
        return found
    is_fitted = found.content_type is None or found.content_type in _FITTED
    return None if is_fitted or (found.size or 0) <= LARGEST_AS_IT_IS else MediaFault.TOO_LARGE


def _code(fault: MediaFault) -> SendProblem:
    match fault:
        case MediaFault.NOT_A_URL | MediaFault.NOT_PUBLIC:
            return SendProblem.MEDIA_NOT_ALLOWED
        case MediaFault.WRONG_TYPE:
            return SendProblem.MEDIA_TYPE
        case MediaFault.TOO_LARGE:
            return SendProblem.MEDIA_TOO_LARGE
    return SendProblem.MEDIA_UNREACHABLE
