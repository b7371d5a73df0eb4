"""What subscriptions tell: what changed, as it is when it is read, and to whom it concerns alone."""

from typing import Any

from auth.permissions import Permission, StaffRole, TenantRole
from portal_schema.nodes import NOWHERE, to_global
from tests.live.sockets import Socket, looking
from tests.messages.traffic import add_contacts, messages, plain_numbers, send
from tests.product import Product, TenantUnderTest
from tests.waiting import until

STATUS = """subscription ($batchId: ID, $messageId: ID) {
  messageStatusChanged(batchId: $batchId, messageId: $messageId) { status message { id status } }
}"""
ALLOWANCE = "subscription { allowanceChanged { used reserved remaining } }"


async def _statuses(socket: Socket, last: str) -> list[str]:
    """The statuses that are told of one message, up to the last."""
    told: list[str] = []
    while not told or told[-1] != last:
        change = (await socket.data())["messageStatusChanged"]
        assert change["message"]["status"] == change["status"]
        told.append(change["status"])
    return told


async def _deliver(product: Product, tenant: TenantUnderTest) -> None:
    await product.dispatcher.run_once()

    async def called_back() -> bool:
        await product.apply_callbacks()
        return {row["status"] for row in await messages(product, tenant)} == {"DELIVERED"}

    await until(called_back)


async def test_a_message_s_status_is_told_until_it_arrived(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    async with looking(tenant.machine) as socket:
        await socket.subscribe(STATUS)
        await send(tenant.machine, contacts)
        await _deliver(product, tenant)
        told = await _statuses(socket, "DELIVERED")
        assert told == sorted(told, key=["SENDING", "SENT", "DELIVERED"].index)
        await socket.quiet()


async def test_the_allowance_is_told_as_it_is_now(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    member = await product.member(tenant.id, TenantRole.OWNER)
    async with looking(member) as socket:
        await socket.subscribe(ALLOWANCE)
        accepted = await send(tenant.machine, contacts)
        assert await socket.data() == {"allowanceChanged": accepted["allowance"]}
        assert accepted["allowance"]["reserved"] == 2


async def test_a_filter_tells_of_its_own_alone(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    one = await send(tenant.machine, contacts[:1], key="one")
    other = await send(tenant.machine, contacts[1:], key="other")
    [of_one] = [row["id"] for row in await messages(product, tenant) if row["recipient_number"] == plain_numbers(1)[0]]
    async with looking(tenant.machine) as by_batch, looking(tenant.machine) as by_message:
        await by_batch.subscribe(STATUS, batchId=other["batch"]["id"])
        await by_message.subscribe(STATUS, messageId=to_global("Message", of_one))
        await _deliver(product, tenant)
        await _statuses(by_batch, "DELIVERED")
        await by_batch.quiet()
        await _statuses(by_message, "DELIVERED")
        await by_message.quiet()
    assert one["batch"]["id"] != other["batch"]["id"]


async def test_what_the_tenant_has_not_cannot_be_looked_at_whether_it_exists_or_not(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    theirs = await send(other.machine, await add_contacts(product, other, plain_numbers(1)))
    [message] = await messages(product, other)
    async with looking(tenant.machine) as socket:
        for given, what in (
            ({"batchId": theirs["batch"]["id"]}, "send"),
            ({"batchId": to_global("MessageBatch", NOWHERE)}, "send"),
            ({"batchId": "nonsense"}, "send"),
            ({"messageId": to_global("Message", message["id"])}, "message"),
            ({"messageId": to_global("Message", NOWHERE)}, "message"),
        ):
            await socket.send(type="subscribe", id="1", payload={"query": STATUS, "variables": given})
            assert await socket.errors() == [("NOT_FOUND", f"The tenant has no such {what}.")]


async def test_who_may_not_see_a_field_cannot_look_at_it(product: Product) -> None:
    tenant = await product.tenant()
    caller = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    async with looking(caller) as socket:
        for query, permission in (
            (STATUS, "LOGS_READ"),
            ("subscription { messageReceived { id } }", "LOGS_READ and MESSAGES_READ"),
            (ALLOWANCE, "USAGE_READ"),
        ):
            await socket.send(type="subscribe", id="1", payload={"query": query})
            [(code, message)] = await socket.errors()
            assert (code, permission in message) == ("FORBIDDEN", True)


async def test_the_isv_s_staff_looks_by_queries(product: Product) -> None:
    for role in StaffRole:
        async with looking(await product.member(None, role)) as socket:
            await socket.send(type="subscribe", id="1", payload={"query": STATUS})
            [(code, message)] = await socket.errors()
            assert code == "FORBIDDEN"
            assert message.startswith("The ISV's staff looks by queries")


async def test_a_query_over_the_socket_answers_as_over_http(product: Product) -> None:
    tenant = await product.tenant()
    query = '{ viewer { tenant { name } } nothing: message(id: "x") { id } }'
    async with looking(tenant.machine) as socket:
        await socket.send(type="subscribe", id="q", payload={"query": query})
        assert await socket.data() == await tenant.machine.run(query)
        assert await socket.next() == {"id": "q", "type": "complete"}


async def test_a_mutation_is_sent_by_post(product: Product) -> None:
    tenant = await product.tenant()
    query = 'mutation { contactCreate(input: {name: "A", number: "+12135550000"}) { contact { id } } }'
    async with looking(tenant.machine) as socket:
        await socket.send(type="subscribe", id="m", payload={"query": query})
        [(code, message)] = await socket.errors()
        assert (code, message.startswith("Send mutations with POST")) == ("BAD_USER_INPUT", True)
    found: Any = await tenant.machine.run("{ contacts { nodes { id } } }")
    assert found == {"contacts": {"nodes": []}}


async def test_the_limits_of_operations_hold_over_the_socket_too(product: Product) -> None:
    tenant = await product.tenant()
    deep = (
        "subscription { messageStatusChanged { message "
        + "{ batch { messages { nodes " * 6
        + "{ id }"
        + " } } }" * 6
        + " } }"
    )
    costly = (
        "{ " + " ".join(f"a{n}: messages(first: 100) {{ nodes {{ id contact {{ id }} }} }}" for n in range(9)) + " }"
    )
    aliases = "subscription { messageStatusChanged { " + " ".join(f"a{n}: status" for n in range(60)) + " } }"
    two = "subscription { messageStatusChanged { at } allowanceChanged { used } }"
    async with looking(tenant.machine) as socket:
        for query, code in (
            (deep, "DEPTH_EXCEEDED"),
            (costly, "COST_EXCEEDED"),
            (aliases, "BAD_USER_INPUT"),
            (two, "BAD_USER_INPUT"),
            ("subscription { nonsense }", "BAD_USER_INPUT"),
        ):
            await socket.send(type="subscribe", id="1", payload={"query": query})
            [(told, _), *_] = await socket.errors()
            assert told == code
