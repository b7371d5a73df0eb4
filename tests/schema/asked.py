"""What is asked of the schema: the page's operations, deep ones of ours, each root field, and who of the staff asks."""

from auth.permissions import StaffRole
from tests.product import OPERATIONS, operation
from tests.schema import surface

ALL_OF_MESSAGES = """query ($first: Int) {
  messages(first: $first) {
    nodes {
      id body sender { number } recipient { number country } contact { name suppression { since } } sentBy { name }
      template { body variables { name } } batch { counts { status count } } timeline { status at }
    }
    edges { cursor node { contact { id } template { id } batch { id } timeline { source } } }
  }
}"""
ALL_OF_TEMPLATES = """query ($first: Int) {
  templates(first: $first) { nodes { name current { body } versions { body } } }
}"""
ALL_OF_A_BATCH = """query ($id: ID!) {
  node(id: $id) {
    ... on MessageBatch {
      messages(first: 100) { nodes { contact { id } template { id } batch { id } timeline { at } } }
      refusals(first: 100) { edges { node { contact { id suppression { since } } } } }
    }
  }
}"""
MESSAGES_OF_CONTACTS = """query ($first: Int) {
  contacts(first: $first) { nodes { id messages(first: 3) { nodes { id batch { id } timeline { at } } } } }
}"""
TAGS_OF_CONTACTS = """query ($first: Int) {
  contacts(first: $first) { nodes { consent { status } topics quietHours { from } tags { name contactCount } } }
}"""
BATCHES_OF_MESSAGES = """query ($first: Int) {
  messages(first: $first) {
    nodes { batch { messages(last: 1) { nodes { id } } refusals(first: 1) { nodes { contact { id } } } } }
  }
}"""
MESSAGES_OF_ALERTS = """query ($first: Int) {
  alerts(first: $first) { nodes { id title messages(first: 3) { nodes { id timeline { at } } } } }
}"""
ENDPOINTS_OF_DELIVERIES = """query ($first: Int) {
  webhookDeliveries(first: $first) { nodes { id request response endpoint { id url secrets { createdAt } } } }
}"""
ALL_OF_CONVERSATIONS = """query ($first: Int) {
  conversations(first: $first) {
    nodes {
      unread recipient { number } contact { name } suppression { since } lastMessage { contact { id } timeline { at } }
      messages(first: 2) { nodes { conversation { id } contact { id } timeline { at } } }
    }
  }
}"""
ECONOMICS_OF_TENANTS = """query ($first: Int) {
  tenants(first: $first) {
    nodes { name economics(range: {from: "2026-11-01", until: "2026-12-01"}) { revenue { amount } paybackMonths } }
  }
}"""
ALL_OF_RATE_CARDS = """query ($first: Int) {
  rateCards(first: $first) { nodes { version exchangeRates { rate } rates(category: "sms-outbound") { price } } }
}"""
TWO_MUTATIONS = """mutation ($number: String!, $id: ID!) {
  one: contactCreate(input: {number: $number}) { contact { id } }
  two: contactUpdate(id: $id, input: {}) { contact { messages(first: 1) { nodes { id } } } }
}"""
_SHIPPED = {file.stem: operation(file.stem) for file in OPERATIONS.glob("*.graphql")}
# Subscriptions are asked for over a socket: tests/live.
PAGE = {name: text for name, text in _SHIPPED.items() if not text.startswith(("subscription", "fragment"))}
ALL_OF_INVOICES = """query ($first: Int) {
  invoices(first: $first) {
    nodes {
      id number total { amount } amountDue { amount } lines { description amount { amount } explanation { label } }
      creditNotes { number }
    }
  }
}"""
DEEP = {
    "all of messages": ALL_OF_MESSAGES,
    "all of templates": ALL_OF_TEMPLATES,
    "all of a batch": ALL_OF_A_BATCH,
    "messages of contacts": MESSAGES_OF_CONTACTS,
    "tags of contacts": TAGS_OF_CONTACTS,
    "batches of messages": BATCHES_OF_MESSAGES,
    "messages of alerts": MESSAGES_OF_ALERTS,
    "endpoints of deliveries": ENDPOINTS_OF_DELIVERIES,
    "all of conversations": ALL_OF_CONVERSATIONS,
    "economics of tenants": ECONOMICS_OF_TENANTS,
    "all of invoices": ALL_OF_INVOICES,
    "all of rate cards": ALL_OF_RATE_CARDS,
    "two mutations": TWO_MUTATIONS,
}
ROOTS = {f"{way[0].owner.name}.{way[0].name}": way for way in surface.ways().values() if len(way) == 1}
# What the ISV's staff asks; without a session its permissions take no statement to read.
OF_STAFF = {
    "Query.tenants": StaffRole.ISV_OPERATOR,
    "Query.tenant": StaffRole.ISV_OPERATOR,
    "Query.tierEconomics": StaffRole.ISV_OPERATOR,
    "Query.unitEconomics": StaffRole.ISV_OPERATOR,
    "Mutation.acquisitionCostSet": StaffRole.ISV_OPERATOR,
    "economics of tenants": StaffRole.ISV_OPERATOR,
    "Query.rateCard": StaffRole.ISV_OPERATOR,
    "Query.rateCards": StaffRole.ISV_OPERATOR,
    "Mutation.rateCardPublish": StaffRole.ISV_OPERATOR,
    "all of rate cards": StaffRole.ISV_OPERATOR,
    "Mutation.supportSessionStart": StaffRole.ISV_SUPPORT,
    "Mutation.supportSessionEnd": StaffRole.ISV_SUPPORT,
    **{
        f"{kind}.{name}": StaffRole.ISV_OPERATOR
        for kind, names in {
            "Query": ("invoiceRuns", "invoicesHeld"),
            "Mutation": (
                "creditLimitSet",
                "invoiceIssue",
                "invoiceMarkPaid",
                "invoiceVoid",
                "creditNoteIssue",
                "invoicesGenerate",
            ),
        }.items()
        for name in names
    },
    "Query.plans": StaffRole.ISV_OPERATOR,
    "Mutation.planDraft": StaffRole.ISV_OPERATOR,
    "Mutation.planPublish": StaffRole.ISV_OPERATOR,
    "Mutation.planRetire": StaffRole.ISV_OPERATOR,
    "Mutation.tenantPlanAssign": StaffRole.ISV_OPERATOR,
    "Mutation.planBacktest": StaffRole.ISV_OPERATOR,
    "Mutation.policyOverride": StaffRole.ISV_OPERATOR,
    "Mutation.policyOverrideEnd": StaffRole.ISV_OPERATOR,
    "Query.discrepancies": StaffRole.ISV_OPERATOR,
    "Query.marginAlerts": StaffRole.ISV_OPERATOR,
    "Mutation.discrepancyClose": StaffRole.ISV_OPERATOR,
    "Mutation.marginAlertAcknowledge": StaffRole.ISV_OPERATOR,
    **dict.fromkeys(
        (
            *("tenants", "tenant", "tenantPlanAssign", "creditLimitSet", "acquisitionCostSet", "economics"),
            *("invoicing", "invoicesGenerate", "tenantInvoice"),
            *("invoiceIssue", "invoiceMarkPaid", "invoiceVoid", "creditNoteIssue"),
            *("catalogue", "plansOnSale", "planDraft", "planPublish", "planRetire", "planBacktest"),
            *("rateCard", "rateCards", "rateCardPublish"),
            *("policyOverride", "policyOverrideEnd"),
            *("discrepancies", "discrepancyClose", "marginAlerts", "marginAlertAcknowledge"),
        ),
        StaffRole.ISV_OPERATOR,
    ),
    "supportSessionStart": StaffRole.ISV_SUPPORT,
    "supportSessionEnd": StaffRole.ISV_SUPPORT,
}
