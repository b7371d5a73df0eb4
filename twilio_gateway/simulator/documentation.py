"""Writes docs/SIMULATOR.md from the code."""

from twilio_gateway.simulator.app import OPERATIONS
from twilio_gateway.simulator.callbacks import table as kinds
from twilio_gateway.simulator.faults import table as shares
from twilio_gateway.simulator.lookups import LINES
from twilio_gateway.simulator.magic import table
from twilio_gateway.simulator.prices import (
    CARRIER_FEE,
    FAILED_FEE,
    LOOKUP,
    MMS_CARRIER_FEE,
    MMS_PRICES,
    PRICES,
    dollars,
)
from twilio_gateway.simulator.used import CATEGORIES, HOLDERS

_TEXT = """# The Twilio simulator

A server that speaks Twilio's wire format on 127.0.0.1, keeps its state in one SQLite file, and calls back over HTTP
with Twilio's signature. It replaces Twilio in development and in tests; nothing it is told leaves the machine.
This page is made from the code: `python -m twilio_gateway.simulator --table > docs/SIMULATOR.md`.

## Start

    TWILIO_SIMULATOR_PARENT_TOKEN=... python -m twilio_gateway.simulator --port 8010 --state FILE --parent-sid AC...

`https://api.twilio.com/PATH` is served at `http://127.0.0.1:8010/api/PATH`, every other host in the same way under
its first name.

## Magic numbers

Send to one of these to see it happen. They are reserved for fiction and valid, so they can be contacts.

{table}

"429 twice", "500 once" and "cut once" count for each subaccount, and begin anew after the message was accepted.

## Writing to a tenant

Nobody here has a phone, so messages that come in are told to the simulator itself:

    curl 127.0.0.1:8010/simulator/inbound --json '{{"from": "+12025550100", "to": "+14155550100", "body": "Hello"}}'

It answers 201 with the message's SID, and calls the messaging service's InboundRequestUrl, or the number's SmsUrl where
the service has none. The message is in the account's list with the direction inbound. A number of the table that
answers does so once in each account.

## Calls

A call is made with TwiML, of which `Say`, `Dial` and `Reject` are done; a step of it takes as long as one of a message,
whatever its own length. Those to +12025550130, +12025550131 and +12025550132 end as busy, no-answer and failed; the
numbers above that throttle, fail or cut the connection do so for calls too, and all others are answered. Somebody calls
a number where that is told, and the number's VoiceUrl, or else its VoiceFallbackUrl, says what becomes of it:

    curl 127.0.0.1:8010/simulator/calls --json '{{"from": "+12025550100", "to": "+14155550100"}}'

What was going on in a call when the simulator stopped is not taken up again.

## Looking numbers up

{lines}; toll-free numbers are toll-free, +12025550111 is invalid, as is what no country has, and all others are mobile.
The numbers above that throttle, fail or cut the connection do so for look-ups too.

## Contents

Of the Content API `twilio/text` is done. A message that is sent with a `ContentSid` has the filled text for its body in
the account's list; a value that is empty, or holds a line break, a tab or five spaces in a row, is refused with 21656.

## Calling a tenant back

The simulator verifies nobody, and not all calls are its own, so callbacks about these are told to it as well:

    curl 127.0.0.1:8010/simulator/callbacks --json '{{"kind": "debugger", "to_url": "http://localhost:8000/...",
      "account_sid": "AC...", "error_code": 30007}}'

It posts them to the address at once, signed with the account's token, a JSON body by its bodySHA256. It answers 200
with `answers`: the status of each answer, or `ct` and `rt` where the connection failed, as in Twilio's retry policy.

{kinds}

Whatever is not told has a usual value. An address that is not on this machine is refused. A call that is told as
completed counts as used, as any other.

## Usage

Usage records are summed up from what was sent and received, from calls that were told, and from numbers, each charged
on its day of every month. Prices are those of the Pricing API, in the list below; a segment to or from the United
States also costs {fee} USD of carrier fees, a message that fails {failed} USD, and a look-up of a line {lookup} USD.
An MMS, which the Pricing API says nothing of, costs {mms} USD, and {mms_fee} USD of carrier fees in the United States.
A message counts on the day on which it was taken, at once.

{prices}

More usage, a year's in a few requests, can be told by the day. A line with `seen_at` is late: records show it from then
on. One with a price alone puts a price right:

    curl 127.0.0.1:8010/simulator/usage --json '[{{"account_sid": "AC...", "day": "2028-02-29",
      "category": "sms-outbound", "count": 40, "usage": 55, "price": "0.4565", "seen_at": "2028-03-02T06:00:00Z"}}]'

A category is one of {categories}. Records lag behind where that is told, as `as_of` then says:

    curl 127.0.0.1:8010/simulator/usage/lag --json '{{"seconds": 1800}}'

Usage triggers are looked at every second, and call back once in their period.

## Faults by a seed

Whatever may go wrong with any message is told in shares of a hundred; all that is not told is 0, and `{{}}` ends it:

    curl 127.0.0.1:8010/simulator/faults --json '{{"seed": 7, "bursts": 1, "cut_after": 2, "callbacks_lost": 10}}'

There are {shares}. A burst turns some requests of one account away with 429; "before" and "after" say whether
the message was created; `late` is created only after the time that the slow number takes.

## Where it differs from Twilio

- A parameter that it does not know is refused with error 20001, where Twilio ignores it: a misspelling shows.
- Status callbacks go to loopback addresses only; any other is refused with error 21609.
- A message is canceled while it is accepted or queued, and none can be scheduled, which is when Twilio allows it.
- A message is redacted or deleted once its status is final, at once; Twilio may take longer.
- The callbacks of one message come in the order that its number promises; Twilio promises none.
- Media are counted and not fetched; an MMS to where there are none is refused with error 21612.
- Numbers for sale come from the range that is reserved for fiction.

## What it answers

{operations}
"""


def document() -> str:
    """The whole page."""
    lines = [f"- `{operation.method} https://{operation.host}.twilio.com{operation.path}`" for operation in OPERATIONS]
    return _TEXT.format(
        table=table(),
        kinds=kinds(),
        shares=shares(),
        fee=dollars(CARRIER_FEE),
        mms=dollars(MMS_PRICES["US"]),
        mms_fee=dollars(MMS_CARRIER_FEE),
        failed=dollars(FAILED_FEE),
        prices=_prices(),
        lookup=dollars(LOOKUP),
        lines=", ".join(f"{number} is {line}" for number, line in LINES.items()),
        categories=", ".join(f"`{name}`" for name in CATEGORIES if name not in HOLDERS),
        operations="\n".join(lines),
    )


def _prices() -> str:
    rows = [
        f"| {prices.name} | {dollars(prices.sms_out)} | {dollars(prices.sms_in)} | {dollars(prices.call_out)} | "
        f"{dollars(prices.call_in)} | {dollars(prices.number or 0)} |"
        for prices in PRICES.values()
    ]
    head = "| USD | Segment sent | received | Minute called | received | Local number, a month |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])
