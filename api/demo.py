"""Demo data: tenants with people, machines, templates and contacts, at the simulator and nowhere else."""

import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pyotp import random_base32

from api.demo_prices import buy_credits, publish_catalogue
from api.home import encryption_key, parent_account
from api.settings import Settings
from api.webhooks.addresses import MESSAGE_RECEIVED, call_addresses
from auth.api_clients import create_api_client
from auth.oauth.applications import ApplicationOffer, add_application
from auth.passwords import Passwords
from auth.people import add_member, create_person
from auth.permissions import Permission, StaffRole, TenantRole
from auth.second_factor.totp import set_totp
from portal.actor import Actor, ActorKind
from portal.clock import Clock, SystemClock, new_id
from portal.contacts.contacts import ContactChange, create_contact
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.templates.rendering import TemplateVariable
from portal.templates.templates import NewTemplate, TemplateCategory, create_template
from portal.tenants.provisioning import NewTenant, add_tenant
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway

_APPLICATION_MAY = (
    Permission.CONTACTS_READ,
    Permission.CONTACTS_WRITE,
    Permission.TEMPLATES_READ,
    Permission.TEMPLATES_WRITE,
    Permission.LOGS_READ,
    Permission.MESSAGES_READ,
    Permission.MESSAGES_SEND,
    Permission.USAGE_READ,
    Permission.PLAN_READ,
)
_MACHINE_MAY = (*_APPLICATION_MAY, Permission.BILLING_READ)


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """A shop, or a chain of them."""

    name: str
    slug: str
    plan: str  # one of those that are ready to use
    goods: str
    people: tuple[str, ...]  # in the order of TenantRole: the owner, and whoever else there is


TENANTS = (
    DemoTenant(
        "Falcon Flights",
        "falcon-flights",
        "Silver",
        "bike",
        ("Fiona Falk", "Amir Aziz", "Dana Diaz", "Bea Brandt", "Sam Silva"),
    ),
    DemoTenant(
        "Freestyle Falcons",
        "freestyle-falcons",
        "Bronze",
        "board",
        ("Finn Frey", "Ada Abel", "Dev Das", "Bruno Berg", "Sol Soto"),
    ),
    DemoTenant("Kestrel Surf", "kestrel-surf", "Large with overage", "board", ("Kai Kahale",)),
    DemoTenant("Harrier Runners", "harrier-runners", "Credits", "treadmill", ("Hana Haas",)),
)
# What becomes of messages to these numbers is in docs/SIMULATOR.md.
_DEMO = Actor(ActorKind.SYSTEM, UUID(int=0), "Demo")
_REGISTERED_FOR = Decimal(75)  # segments a second, as a campaign of good standing
_CONTACTS = (
    ("Alice Adler", "+12025550100"),
    ("Ben Castillo", "+12025550101"),
    ("Chloe Dubois", "+12025550102"),
    ("Uma Unreachable", "+12025550103"),
    ("Nils Nobody", "+12025550105"),
    ("Lena Landline", "+12025550106"),
    ("Fred Filtered", "+12025550107"),
    ("Olga Optedout", "+12025550110"),
    ("Wren Wrongnumber", "+12025550111"),
    ("Sami Slow", "+12025550120"),
    ("Tess Throttled", "+12025550129"),
    ("Connor Cutoff", "+12025550160"),
)


def _templates(goods: str, name: str) -> tuple[tuple[str, TemplateCategory, str, tuple[TemplateVariable, ...]], ...]:
    person = TemplateVariable("name", "there", "Alice", required=False)
    return (
        (
            "Ready for pick-up",
            TemplateCategory.TRANSACTIONAL,
            f"Hi {{{{name}}}}, your {goods} is ready! Pick it up at {name} until {{{{time}}}}. Reply STOP to opt out.",
            (person, TemplateVariable("time", "6 pm", "6 pm today", required=False)),
        ),
        (
            "Service reminder",
            TemplateCategory.NOTIFICATION,
            f"Hi {{{{name}}}}, your {goods} was last serviced a year ago. Shall we book you in? Reply STOP to opt out.",
            (person,),
        ),
        (
            "Weekend offer",
            TemplateCategory.MARKETING,
            f"🎉 {{{{name}}}}, this weekend only: {{{{discount}}}} off everything at {name}. Reply STOP to opt out.",
            (person, TemplateVariable("discount", None, "20 %", required=True)),
        ),
    )


async def seed(settings: Settings, database: Database, previous: dict[str, Any] | None) -> dict[str, Any]:
    """Make the demo data where it is missing; what to write into demo.json.

    What a broken-off run left out is made by the next. `previous` is the demo.json of an earlier run: its passwords and
    secrets stay good, for the database keeps only hashes. Where it is lost, or of another database, new ones are made.
    """
    clock = SystemClock()
    demo = _Demo(settings, database, clock)
    await publish_catalogue(settings, database, now=clock.now())
    if previous is not None and await demo.knows(previous):
        return {**previous, "url": settings.url, "graphql": f"{settings.url}/graphql", "issuer": settings.url}
    async with TwilioGateway.open(settings.simulator_url) as gateway:
        for tenant in TENANTS:
            await demo.make_tenant(tenant, gateway)
    await demo.make_staff()
    await demo.make_application()
    return demo.written()


class _Demo:
    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._box = SecretBox(encryption_key(settings).get_secret_value())
        self._passwords = Passwords()
        self._accounts: list[dict[str, Any]] = []
        self._clients: list[dict[str, Any]] = []
        self._applications: list[dict[str, Any]] = []

    async def knows(self, previous: dict[str, Any]) -> bool:
        """Whether every account, client and application of this demo.json is in this database."""
        emails = [account["email"] for account in previous.get("accounts", ())]
        clients = [client["client_id"] for client in previous.get("clients", ())]
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            people = await tx.value("SELECT count(*) FROM person WHERE email = ANY($1::text[])", emails)
            apps = await tx.value(
                "SELECT count(*) FROM totp JOIN person ON id = person_id WHERE staff_role IS NOT NULL"
            )
            known = await tx.value("SELECT count(*) FROM api_client_lookup WHERE client_id = ANY($1::text[])", clients)
            registered = await tx.value(
                "SELECT count(*) FROM oauth_application WHERE client_id = ANY($1::text[])",
                [application["client_id"] for application in previous.get("applications", ())],
            )
        complete = sum(len(tenant.people) for tenant in TENANTS) + len(StaffRole)
        told = sum("totp_secret" in account for account in previous.get("accounts", ()))
        return bool(
            people == len(emails) == complete
            and known == len(clients) == len(TENANTS)
            and apps == told == len(StaffRole)
            and registered == 1
        )

    async def make_tenant(self, tenant: DemoTenant, gateway: TwilioGateway) -> None:
        """The tenant with all that is its own; one that is there keeps its data and gets new passwords."""
        parent = parent_account(self._settings)
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            tenant_id = await tx.value("SELECT id FROM tenant WHERE slug = $1", tenant.slug)
        if tenant_id is None:
            accounts = gateway.accounts(parent.sid, parent.token.get_secret_value())
            tenant_id = new_id(self._clock.now())
            inbound_url = MESSAGE_RECEIVED.url(self._settings.provider_callback_url, tenant_id)
            calls = call_addresses(self._settings.provider_callback_url, tenant_id)
            account = await accounts.provision(tenant.slug, inbound_url=inbound_url, calls=calls)
            await self._add(tenant, tenant_id, account)
        await self._fill(tenant, tenant_id)
        named = list(zip(tenant.people, TenantRole, strict=False))
        people = [await self._person(tenant, name, role) for name, role in named]
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            for person_id, (_, role) in zip(people, named, strict=True):
                member = "SELECT 1 FROM membership WHERE tenant_id = $1 AND person_id = $2"
                if await tx.value(member, tenant_id, person_id) is None:
                    await add_member(tx, now, tenant_id=tenant_id, person_id=person_id, role=role)
            made = await create_api_client(
                tx, now, tenant_id=tenant_id, name="Shop system", permissions=_MACHINE_MAY, created_by=people[0]
            )
        await buy_credits(self._database, tenant_id, (people[0], tenant.people[0]), now=now)
        client = {"client_id": made.client_id, "client_secret": made.client_secret, "tenant": tenant.name}
        self._clients.append({**client, "scopes": [permission.scope for permission in _MACHINE_MAY]})

    async def make_staff(self) -> None:
        """The ISV's own people, each with an authenticator app: without a second factor they have no session."""
        await self._staff("support@owl.example", "Iris Support", StaffRole.ISV_SUPPORT)
        await self._staff("operator@owl.example", "Otto Operator", StaffRole.ISV_OPERATOR)

    async def make_application(self) -> None:
        """Somebody else's program, to try the consent with; it listens on any port of its own machine."""
        name, redirect_uri = "Booking helper", "http://127.0.0.1/callback"
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            offer = ApplicationOffer(name, [redirect_uri], frozenset(_APPLICATION_MAY))
            made = await add_application(tx, self._clock.now(), offer)
        scopes = [permission.scope for permission in _APPLICATION_MAY]
        application = {"client_id": made.client_id, "name": name, "redirect_uri": redirect_uri, "scopes": scopes}
        self._applications.append(application)

    def written(self) -> dict[str, Any]:
        """What demo.json holds."""
        url = self._settings.url
        return {
            "url": url,
            "graphql": f"{url}/graphql",
            "issuer": url,
            "accounts": self._accounts,
            "clients": self._clients,
            "applications": self._applications,
        }

    async def _add(self, tenant: DemoTenant, tenant_id: UUID, account: ProvisionedAccount) -> None:
        now = self._clock.now()
        new = NewTenant(
            name=tenant.name,
            slug=tenant.slug,
            time_zone="America/New_York",
            plan=tenant.plan,
            account_sid=account.account_sid,
            auth_token=self._box.encrypt(account.auth_token),
            key_sid=account.key_sid,
            key_secret=self._box.encrypt(account.key_secret),
            messaging_service_sid=account.messaging_service_sid,
            number=account.number,
            number_reference=account.number_reference,
            segments_per_second=_REGISTERED_FOR,
        )
        async with self._database.as_role(DatabaseRole.OPERATOR) as tx:
            await add_tenant(tx, tenant_id, new, now=now)

    async def _fill(self, tenant: DemoTenant, tenant_id: UUID) -> None:
        async with self._database.for_tenant(tenant_id) as own:
            if await own.value("SELECT 1 FROM template WHERE tenant_id = $1 LIMIT 1", tenant_id):
                return
            for name, number in _CONTACTS:
                contact = ContactChange({"name": name, "number": number})
                await create_contact(own, contact, _DEMO, now=self._clock.now())
            for name, category, body, variables in _templates(tenant.goods, tenant.name):
                template = NewTemplate(name, category, body, variables)
                await create_template(own, template, now=self._clock.now())

    async def _person(self, tenant: DemoTenant, name: str, role: TenantRole) -> UUID:
        email = f"{role.value.lower().replace('_', '-')}@{tenant.slug}.example"
        return await self._account(email, name, tenant.name, role)

    async def _staff(self, email: str, name: str, role: StaffRole) -> None:
        person_id, secret = await self._account(email, name, None, role), random_base32()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            await set_totp(tx, self._box, person_id, secret, at=self._clock.now())
        self._accounts[-1]["totp_secret"] = secret

    async def _account(self, email: str, name: str, tenant: str | None, role: TenantRole | StaffRole) -> UUID:
        password = secrets.token_urlsafe(12)
        hashed = await self._passwords.hash(password)
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            person_id: UUID | None = await tx.value(
                "UPDATE person SET password_hash = $2 WHERE email = $1 RETURNING id", email, hashed
            )
            if person_id is None:
                staff_role = role if isinstance(role, StaffRole) else None
                person_id = await create_person(
                    tx, self._clock.now(), email=email, name=name, password_hash=hashed, staff_role=staff_role
                )
        self._accounts.append({"email": email, "password": password, "tenant": tenant, "role": role.value})
        return person_id
