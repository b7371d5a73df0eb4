"""What is to be sent to whom, in the schema: the inputs of an estimate and of a send."""

from collections.abc import Mapping
from datetime import datetime

import strawberry

from portal.messages.addressees import Recipients
from portal.messages.composing import Composition
from portal.messages.media import Media
from portal.messages.refusals import SendProblem
from portal.messages.scheduling import Timing
from portal.messages.sending import OnRefusal
from portal.preferences.links import PreferenceLinks
from portal.problems import refuse
from portal_schema.contacts import ContactFilter
from portal_schema.nodes import key_of
from portal_schema.scalars import Json, PhoneNumber

_VARIABLES = (
    "Texts for variables, for all recipients, of at most 1,600 characters each; they win over the contacts' own fields."
)
_MEDIA_URLS = (
    "Pictures or other media that are sent with the text, which may then be left out: at most 10, of 5 MB together, at "
    "public addresses that begin with https:// and answer with their type. It is then an MMS, which reaches the United "
    "States and Canada, and counts as one segment however long its text."
)
_SENDER = "The number to send from, one of `numbers` that is ready; the first of them unless given."
_TOPIC = (
    "What it is about, one of the tenant's `settings.topics`: whoever declined that gets nothing; the template's own "
    "unless given."
)
_SMART_ENCODING = (
    "Whether typographic quotes, dashes, spaces and the like give way to plain ones, where the text then "
    "travels as GSM-7. What `preview` and the messages show is what is sent."
)
_SEND_AT = (
    "When to send it: not past, and at most 35 days ahead; at once unless given. Nothing is reserved before: what the "
    "plan lets through then is sent then."
)
_RESPECT_QUIET_HOURS = "Whether a message to somebody who has quiet hours, yours or their own, waits for their end."


@strawberry.input(description="Who is to get a message: 1 to 10,000 people, each of whom gets one.")
class RecipientsInput:
    """Each way of naming people adds to the others."""

    contact_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Contacts.")
    numbers: list[PhoneNumber] | None = strawberry.field(
        default=None,
        description="Phone numbers in any usual spelling, of contacts or of nobody; those without a country code are "
        "read as numbers of the United States.",
    )
    tag_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="All contacts with at least one of these tags."
    )
    filter: ContactFilter | None = strawberry.field(
        default=None, description="All contacts that it lets through; it needs at least one condition."
    )


@strawberry.input(description="A send to be worked out without sending.")
class MessageEstimateInput:
    """What `messageSend` takes, without its key."""

    recipients: RecipientsInput = strawberry.field(description="Who is to get it.")
    template_id: strawberry.ID | None = strawberry.field(default=None, description="A template, or else a body.")
    body: str | None = strawberry.field(default=None, description="A text, or else a template.")
    variables: Json | None = strawberry.field(default=None, description=_VARIABLES)
    media_urls: list[str] | None = strawberry.field(default=None, description=_MEDIA_URLS)
    sender_id: strawberry.ID | None = strawberry.field(default=None, description=_SENDER)
    topic: str | None = strawberry.field(default=None, description=_TOPIC)
    smart_encoding: bool = strawberry.field(default=False, description=_SMART_ENCODING)
    send_at: datetime | None = strawberry.field(default=None, description=_SEND_AT)
    respect_quiet_hours: bool = strawberry.field(default=True, description=_RESPECT_QUIET_HOURS)


@strawberry.input(description="A send.")
class MessageSendInput:
    """What is to be sent to whom."""

    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. The same key with the same request has one effect, "
        "however often it comes; with another request it is refused."
    )
    recipients: RecipientsInput = strawberry.field(description="Who is to get it.")
    template_id: strawberry.ID | None = strawberry.field(default=None, description="A template, or else a body.")
    body: str | None = strawberry.field(default=None, description="A text, or else a template.")
    variables: Json | None = strawberry.field(default=None, description=_VARIABLES)
    media_urls: list[str] | None = strawberry.field(default=None, description=_MEDIA_URLS)
    sender_id: strawberry.ID | None = strawberry.field(default=None, description=_SENDER)
    topic: str | None = strawberry.field(default=None, description=_TOPIC)
    smart_encoding: bool = strawberry.field(default=False, description=_SMART_ENCODING)
    send_at: datetime | None = strawberry.field(default=None, description=_SEND_AT)
    respect_quiet_hours: bool = strawberry.field(default=True, description=_RESPECT_QUIET_HOURS)
    on_refusal: OnRefusal = strawberry.field(
        default=OnRefusal.SEND_REST, description="What to do when some recipients are refused."
    )


def composition_of(
    given: MessageEstimateInput | MessageSendInput, links: PreferenceLinks, media: tuple[Media, ...]
) -> Composition:
    """What the input asks to be sent to whom, with what its media are; `links` fills `{{preferences}}`.

    Raises:
        RefusedError: the variables are something else than texts.
    """
    return Composition(
        recipients=Recipients(
            contact_ids=tuple(key_of("Contact", given_id) for given_id in given.recipients.contact_ids or ()),
            numbers=tuple(given.recipients.numbers or ()),
            tag_ids=tuple(key_of("ContactTag", given_id) for given_id in given.recipients.tag_ids or ()),
            only=given.recipients.filter.narrowed() if given.recipients.filter is not None else None,
        ),
        template_id=key_of("Template", given.template_id) if given.template_id is not None else None,
        body=given.body,
        variables=variables_of(given.variables),
        sender_id=key_of("Number", given.sender_id) if given.sender_id is not None else None,
        topic=given.topic,
        preference_link=links.to,
        smart_encoding=given.smart_encoding,
        media=media,
    )


def timing_of(given: MessageEstimateInput | MessageSendInput) -> Timing:
    """When the input asks it to be sent."""
    return Timing(given.send_at, given.respect_quiet_hours)


def variables_of(given: Json | None) -> Mapping[str, str]:
    """The texts for variables in an input.

    Raises:
        RefusedError: they are something else.
    """
    variables: object = given if given is not None else {}
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise refuse(SendProblem.INVALID, 'Variables are an object of texts: {"time": "10:30"}.', "variables")
    return variables
