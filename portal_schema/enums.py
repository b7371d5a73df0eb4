"""The enums of the schema: those of the business, with a description for every value."""

from enum import EnumMeta
from typing import Any

import strawberry

from auth.permissions import Permission, TenantRole
from portal.actor import ActorKind
from portal.calls.speech import SpeechLanguage
from portal.calls.status import CallStatus
from portal.contacts.consent import ConsentStatus
from portal.contacts.preferences import ContactChannel, LineType, LookupState
from portal.contacts.suppressions import SuppressionSource
from portal.conversations.keywords import Keyword
from portal.erasure.receipts import ErasureState, WaitsFor
from portal.files.uploads import UploadPurpose
from portal.messages.channels import MessageChannel
from portal.messages.issues import CATALOGUE, DeliveryIssueCode, IssueActor
from portal.messages.previewing import TemplateWarningCode
from portal.messages.recording import EventSource
from portal.messages.refusals import RefusalCode
from portal.messages.segments import Encoding
from portal.messages.sending import OnRefusal
from portal.messages.status import MessageStatus
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanState
from portal.pricing.terms import AtLimit, MarginKind, PlanPeriod, PricingStrategy, UsageUnit
from portal.templates.content import ContentState, TemplateKind
from portal.templates.rendering import ValueOrigin
from portal.templates.templates import TemplateCategory
from portal.usage.periods import UsageBucketSize, UsagePeriod


def describe(enum: EnumMeta, description: str, **values: str) -> None:
    """Put an enum of the business into the schema; each of its values has to be described."""
    if hasattr(enum, "__strawberry_definition__"):
        raise RuntimeError(f"{enum.__name__} was met in a type before it was described")
    registered: Any = strawberry.enum(enum, description=description)
    for value in registered.__strawberry_definition__.values:
        value.description = values.pop(value.name)
    if values:
        raise ValueError(f"{enum.__name__} has no values {', '.join(values)}")


describe(Permission, "What a principal may do.", **{item.name: item.description for item in Permission})
describe(
    DeliveryIssueCode,
    "Why a message did not arrive.",
    **{code.name: CATALOGUE[code].reason for code in DeliveryIssueCode},
)
describe(
    TenantRole,
    "What a person is in a tenant.",
    OWNER="Everything, and the only one who closes the account or hands it over; one per tenant.",
    ADMINISTRATOR="Members, billing, settings and all of the daily work.",
    DEVELOPER="API clients, numbers, sending and content.",
    BILLING_MANAGER="Billing, plans and usage; logs without content.",
    SUPPORT="Usage and logs without content, read only.",
)
describe(
    ActorKind,
    "What kind of principal did something.",
    MEMBER="A person of the tenant.",
    API_CLIENT="A machine of the tenant.",
    ISV_SUPPORT="The support staff of the company that runs this portal.",
    ISV_OPERATOR="The operators of the company that runs this portal.",
    SYSTEM="The portal itself.",
)
describe(
    SuppressionSource,
    "Where the wish to get no messages came from.",
    STOP="The person answered STOP.",
    CARRIER="The carrier refuses messages to this person, who opted out there.",
    IMPORT="It was imported.",
    MANUAL="A member put the number on the list.",
    PREFERENCE="The person chose to hear nothing, on their page of preferences.",
)
describe(
    ConsentStatus,
    "Whether a person agreed to get messages.",
    GIVEN="They agreed.",
    WITHDRAWN="They agreed no more: nothing is sent to them.",
    UNKNOWN="Nobody recorded anything.",
)
describe(
    ContactChannel,
    "By what a person wants to be reached.",
    SMS="By messages.",
    VOICE="By calls alone.",
    NONE="By nothing.",
)
describe(
    LineType,
    "What kind of line a number is.",
    MOBILE="A mobile phone.",
    LANDLINE="A landline: it takes no messages.",
    VOIP="Internet telephony.",
    TOLL_FREE="A number whose calls are free for the caller.",
    UNKNOWN="Nobody can say.",
)
describe(
    LookupState,
    "How far a look-up of a number is.",
    WAITING="The carriers are being asked.",
    DONE="They answered.",
    FAILED="They did not answer; it cost nothing.",
)
describe(ErasureState, "Whether an erasure is done.", WAITING="It is being worked off.", DONE="All of it is done.")
describe(
    WaitsFor,
    "What an erasure goes on after.",
    IN_FLIGHT="Messages to the person are on their way: they can be erased once they have ended.",
    CARRIER="The carrier does not answer: it is asked again.",
)
describe(
    Keyword,
    "What a whole message of one keyword asks for.",
    STOP="No more messages: also STOPALL, UNSUBSCRIBE, CANCEL, END, QUIT, REVOKE and OPTOUT.",
    START="Messages again: also UNSTOP, and YES from a number that asked for none.",
    HELP="Help: also INFO.",
)
describe(MessageChannel, "What carries a message.", SMS="Text.", MMS="Text with media.")
describe(
    RefusalCode,
    "Why a recipient gets no message. A refusal costs nothing.",
    NOT_FOUND="There is no such contact.",
    INVALID_NUMBER="The text is no phone number.",
    DUPLICATE="The recipient stands in the list more than once, and gets one message.",
    OPTED_OUT="The person asked not to receive messages.",
    PREFERENCE="The person chose another channel, or not to hear of this topic.",
    LANDLINE="The number is a landline, which takes no messages.",
    MISSING_VARIABLE="Nothing fills a variable of the text.",
    TEXT_TOO_LONG="With its variables filled the text is empty or longer than 1,600 characters.",
    QUIET_HOURS="Quiet hours leave no time to write to this person.",
    COUNTRY_NOT_IN_PLAN="The plan does not reach the recipient's country.",
    COUNTRY_WITHOUT_MMS="Messages with media reach the United States and Canada alone.",
    POLICY="The text breaks a rule of policy for this recipient, such as how to opt out in a first message.",
    PAUSED="Messages to numbers like this one looked like fraud and are stopped: release the pause.",
    ALLOWANCE_EXHAUSTED="The allowance of the period does not reach this recipient.",
    CREDITS_EXHAUSTED="The allowance is used up, and the credits do not reach this recipient.",
    SPEND_CAP_REACHED="The message would go over the spend cap of the month.",
)
describe(
    IssueActor,
    "Who can do something about a delivery issue.",
    TENANT="You.",
    RECIPIENT="The recipient.",
    ISV="The company that runs this portal.",
    CARRIER="The carrier; waiting may help.",
    NOBODY="Nobody.",
)
describe(
    EventSource,
    "Who told of an event.",
    PORTAL="The portal itself.",
    PROVIDER_ANSWER="The answer to handing the message over.",
    CALLBACK="A status report that came later.",
    SWEEP="A question that the portal asked later.",
)
describe(
    Encoding,
    "How a text travels; it decides how many characters fit into a segment.",
    GSM_7="160 characters in a single segment, 153 in each of several.",
    UCS_2="70 characters in a single segment, 67 in each of several; any character beyond the GSM alphabet does.",
)
describe(
    OnRefusal,
    "What to do when some recipients are refused.",
    SEND_REST="Send to the others; the batch lists who was refused and why.",
    SEND_NONE="Send to nobody; the errors name who was refused and why.",
)
describe(
    MessageStatus,
    "Where a message stands. More values may come: treat an unknown one as not final. "
    "A final one stays, unless the carrier corrects itself or the message is read.",
    SCHEDULED="Waits for the time it is scheduled for.",
    QUEUED="Accepted, waits to be handed over. It can be canceled.",
    SENDING="Being handed over, or on its way to the carrier.",
    CONFIRMING="The hand-over got no answer: it is being found out whether it left. It is not sent twice.",
    SENT="The carrier has it.",
    DELIVERED="It arrived. Final.",
    READ="It was read. Final.",
    UNDELIVERED="The carrier could not deliver it; see the delivery issue. Final.",
    FAILED="It was refused, or nobody can say whether it left; see the delivery issue. Final.",
    CANCELED="It was canceled before it left. Final.",
    EXPIRED="It waited too long and was given up. Final.",
    RECEIVED="An inbound message. Final.",
)
describe(
    CallStatus,
    "Where a call stands. More values may come: treat an unknown one as not final.",
    QUEUED="It waits, or is being dialed.",
    RINGING="The phone rings.",
    IN_PROGRESS="It was answered and goes on.",
    COMPLETED="It was answered and has ended. Final.",
    BUSY="The line was busy. Final.",
    NO_ANSWER="Nobody answered. Final.",
    FAILED="It could not be connected. Final.",
    CANCELED="It was given up before it was answered. Final.",
)
describe(
    AllowancePeriod,
    "How often an allowance begins anew.",
    DAY="Every day at 00:00 UTC.",
    MONTH="On the first of every month at 00:00 UTC.",
)
describe(
    AtLimit,
    "What happens when an allowance is used up.",
    STOP="Sending stops until the next period.",
    OVERAGE="Sending goes on at the price for overage.",
    CREDITS="Sending goes on from the credits that were bought.",
)
describe(
    PricingStrategy,
    "How a plan makes a price.",
    FIXED_MARGIN="What usage costs, and one margin on all of it.",
    DYNAMIC_MARGIN="What usage costs, and a margin by the ordinal of a message in its month.",
    TIER="A fee that covers an allowance, where sending stops.",
    TIER_WITH_OVERAGE="A fee that covers an allowance, and a price for each unit over it.",
    CREDITS="Credits that are bought before, in packs.",
)
describe(
    MarginKind,
    "What a ratio is a part of.",
    MARGIN="Of the price: price = cost / (1 - ratio). 0.03 on a cost of 100 makes 103.09.",
    MARKUP="Of the cost: price = cost * (1 + ratio). 0.03 on a cost of 100 makes 103.00.",
)
describe(
    PlanPeriod, "What a plan's fee is for.", MONTH="A month of the calendar.", YEAR="A year; it is billed monthly."
)
describe(
    PlanState,
    "Where a version of a plan is.",
    DRAFT="It is being written: nobody can have it yet.",
    PUBLISHED="It is on sale, and never changes again.",
    RETIRED="It is sold no more; whoever has it keeps it.",
)
describe(UsageUnit, "What is counted.", MESSAGES="Messages, whatever their length.", SEGMENTS="Segments of messages.")
describe(
    TemplateCategory,
    "What a template is for.",
    TRANSACTIONAL="Answers something the recipient did, such as an order.",
    NOTIFICATION="Tells of something the recipient asked to know.",
    MARKETING="Advertises; needs the recipient's consent.",
)
describe(
    TemplateKind,
    "Who fills a template's text.",
    TEXT="The portal: it can be sent at once.",
    CONTENT="The messaging service, which gets each version first: it can be sent once that is `READY`.",
)
describe(
    ContentState,
    "Where a version of a `CONTENT` template stands at the messaging service.",
    PUBLISHING="The messaging service is about to get it.",
    READY="It can be sent.",
    FAILED="The messaging service does not take it.",
    WITHDRAWN="It is in use no more, and the messaging service has it no more.",
)
describe(
    ValueOrigin,
    "What filled a variable.",
    PORTAL="The portal itself: the link of {{preferences}}.",
    CALLER="A value that was given.",
    CONTACT="The contact's name, or a field of its own.",
    EXAMPLE="The variable's example, since no contact was given.",
    DEFAULT="The variable's default.",
    NOTHING="Nothing.",
)
describe(
    TemplateWarningCode,
    "What may be wrong with a template.",
    UNKNOWN_FIELD="No contact has a field of a variable's name.",
    TEXT_TOO_LONG="With the variables filled the text is empty, or longer than 1,600 characters.",
)
describe(
    UsagePeriod,
    "A period in UTC.",
    ALL_TIME="Since the first use.",
    TODAY="Since 00:00 UTC.",
    YESTERDAY="The day before.",
    THIS_MONTH="Since the first of the month, 00:00 UTC.",
    LAST_MONTH="The month before.",
    THIS_YEAR="Since the first of January, 00:00 UTC.",
)
describe(
    UsageBucketSize,
    "How finely a report is cut.",
    WHOLE="One bucket for the whole period.",
    DAY="A bucket for each day up to now, in UTC.",
    MONTH="A bucket for each month of the calendar that has begun.",
    YEAR="A bucket for each year of the calendar that has begun.",
)
describe(
    SpeechLanguage,
    "The language that a text is read in.",
    EN_US="English, American.",
    EN_GB="English, British.",
    ES_ES="Spanish, of Spain.",
    ES_MX="Spanish, Mexican.",
    FR_CA="French, Canadian.",
    FR_FR="French, of France.",
    DE_DE="German.",
    IT_IT="Italian.",
    PT_BR="Portuguese, Brazilian.",
)
describe(
    UploadPurpose,
    "What a file is for; it serves for nothing else.",
    CONTACTS="Contacts as CSV, for `contactImport`.",
    SUPPRESSIONS="Numbers that get no messages, as CSV, for `suppressionImport`.",
)
