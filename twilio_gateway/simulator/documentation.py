"""Writes docs/SIMULATOR.md from the code."""

from twilio_gateway.simulator.app import OPERATIONS
from twilio_gateway.simulator.callbacks import table as kinds
from twilio_gateway.simulator.magic import table

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

## Calling a tenant back

The simulator makes no calls, fires no triggers and verifies nobody, so callbacks about these are told to it as well:

    curl 127.0.0.1:8010/simulator/callbacks --json '{{"kind": "debugger", "to_url": "http://localhost:8000/...",
      "account_sid": "AC...", "error_code": 30007}}'

It posts them to the address at once, signed with the account's token, a JSON body by its bodySHA256. It answers 200
with `answers`: the status of each answer, or `ct` and `rt` where the connection failed, as in Twilio's retry policy.

{kinds}

Whatever is not told has a usual value. An address that is not on this machine is refused.

## Where it differs from Twilio

- A parameter that it does not know is refused with error 20001, where Twilio ignores it: a misspelling shows.
- Status callbacks go to loopback addresses only; any other is refused with error 21609.
- A message is canceled while it is accepted or queued, and none can be scheduled, which is when Twilio allows it.
- A message is redacted or deleted once its status is final, at once; Twilio may take longer.
- The callbacks of one message come in the order that its number promises; Twilio promises none.
- A local number costs 1.15 USD when it is bought, and nothing later. A segment costs 0.0083 USD.
- Numbers for sale come from the range that is reserved for fiction.

## What it answers

{operations}
"""


def document() -> str:
    """The whole page."""
    lines = [f"- `{operation.method} https://{operation.host}.twilio.com{operation.path}`" for operation in OPERATIONS]
    return _TEXT.format(table=table(), kinds=kinds(), operations="\n".join(lines))
