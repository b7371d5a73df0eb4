"""The schema, put together of its nouns, guarded, and printed."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from auth.permissions import Permission
from portal.global_ids import split_global
from portal_schema.acquisition_costs import AcquisitionCostMutations
from portal_schema.alert_changes import AlertMutations
from portal_schema.alerts import AlertQueries, find_alert
from portal_schema.api_client_changes import ApiClientMutations
from portal_schema.api_clients import ApiClientQueries, find_api_client
from portal_schema.audit import AuditQueries, find_entry
from portal_schema.batches import find_batch
from portal_schema.call_changes import CallMutations
from portal_schema.calls import CallQueries, find_call
from portal_schema.canceling import CancelingMutations
from portal_schema.contact_changes import ContactMutations
from portal_schema.contact_erasures import ContactErasureMutations, ContactErasureQueries, find_erasure
from portal_schema.contact_exports import ContactExportMutations
from portal_schema.contact_import_changes import ContactImportMutations
from portal_schema.contact_imports import ContactImportQueries, find_import
from portal_schema.contact_lookups import ContactLookupMutations
from portal_schema.contact_merges import ContactMergeMutations
from portal_schema.contact_tags import ContactTagMutations, ContactTagQueries, find_tag
from portal_schema.contacts import ContactQueries, find_contact
from portal_schema.context import Info
from portal_schema.conversation_changes import ConversationMutations
from portal_schema.conversations import ConversationQueries, find_conversation
from portal_schema.credit_changes import CreditMutations
from portal_schema.credits import CreditQueries, find_lot
from portal_schema.directives import Cost, Requires
from portal_schema.discrepancies import DiscrepancyMutations, DiscrepancyQueries, find_discrepancy_node
from portal_schema.economics import EconomicsQueries
from portal_schema.guards import install_guards, refuse_without, requires
from portal_schema.invitation_changes import InvitationMutations
from portal_schema.invitations import InvitationQueries, find_invitation
from portal_schema.invoice_changes import InvoiceMutations
from portal_schema.invoice_runs import InvoiceRunMutations, InvoiceRunQueries
from portal_schema.invoices import InvoiceQueries, find_own_invoice
from portal_schema.margin_alerts import MarginAlertMutations, MarginAlertQueries, find_margin_alert_node
from portal_schema.member_changes import MemberMutations
from portal_schema.members import MemberQueries, find_member
from portal_schema.message_lists import MessageQueries
from portal_schema.messages import find_message
from portal_schema.nodes import Node
from portal_schema.number_changes import NumberMutations
from portal_schema.numbers import NumberQueries, find_number
from portal_schema.ownership_changes import OwnershipMutations
from portal_schema.plan_advice import PlanAdviceQueries
from portal_schema.plan_backtests import PlanBacktestMutations
from portal_schema.plan_catalogue import PlanCatalogueMutations, PlanCatalogueQueries
from portal_schema.plan_changes import PlanChangeQueries, find_change
from portal_schema.plan_changing import PlanChangeMutations
from portal_schema.plan_previews import PlanPreviewQueries
from portal_schema.plans import PlanQueries, find_plan
from portal_schema.policy import PolicyMutations, PolicyQueries, find_own_override
from portal_schema.rate_cards import RateCardMutations, RateCardQueries
from portal_schema.scalars import SCALARS
from portal_schema.scheduling import SchedulingMutations
from portal_schema.sending import SendingMutations, SendingQueries
from portal_schema.settings import SettingsQueries
from portal_schema.settings_changes import SettingsMutations
from portal_schema.spend import SpendMutations
from portal_schema.subscriptions import Subscription
from portal_schema.support_access import SupportAccessMutations, SupportAccessQueries
from portal_schema.support_sessions import SupportSessionMutations, SupportSessionQueries, find_support_session
from portal_schema.suppression_changes import SuppressionMutations
from portal_schema.suppressions import SuppressionQueries, find_suppression
from portal_schema.template_changes import TemplateMutations
from portal_schema.template_previews import TemplatePreviewQueries
from portal_schema.templates import TemplateQueries, find_template, find_version
from portal_schema.tenants import TenantQueries, find_tenant
from portal_schema.throughput import ThroughputQueries
from portal_schema.traffic_pauses import TrafficPauseMutations, TrafficPauseQueries, find_own_pause
from portal_schema.uploads import UploadMutations
from portal_schema.usage import UsageQueries
from portal_schema.usage_syncs import UsageSyncMutations, UsageSyncQueries, find_sync
from portal_schema.viewer import ViewerQueries
from portal_schema.webhook_deliveries import WebhookDeliveryQueries, find_delivery
from portal_schema.webhook_endpoint_changes import WebhookEndpointMutations
from portal_schema.webhook_endpoints import WebhookEndpointQueries, find_endpoint
from portal_schema.webhook_replays import WebhookReplayMutations

# An object's kind, the permission of its type, and how it is found: the same way as by every other field.
# Where there is None, the finder itself asks for what this kind of principal needs, before any look-up too.
_FINDERS: dict[str, tuple[Permission | None, Callable[[Info, str], Awaitable[Node | None]]]] = {
    "Alert": (Permission.ALERTS_READ, find_alert),
    "ApiClient": (Permission.API_CLIENTS_READ, find_api_client),
    "AuditEntry": (Permission.AUDIT_READ, find_entry),
    "Call": (Permission.LOGS_READ, find_call),
    "Contact": (Permission.CONTACTS_READ, find_contact),
    "ContactErasure": (Permission.CONTACTS_READ, find_erasure),
    "ContactTag": (Permission.CONTACTS_READ, find_tag),
    "ContactImport": (Permission.CONTACTS_READ, find_import),
    "CreditLot": (Permission.BILLING_READ, find_lot),
    "Conversation": (Permission.MESSAGES_READ, find_conversation),
    "Discrepancy": (Permission.ECONOMICS_READ, find_discrepancy_node),
    "Invitation": (Permission.MEMBERS_READ, find_invitation),
    "Invoice": (Permission.BILLING_READ, find_own_invoice),
    "MarginAlert": (Permission.ECONOMICS_READ, find_margin_alert_node),
    "Member": (Permission.MEMBERS_READ, find_member),
    "Message": (Permission.LOGS_READ, find_message),
    "MessageBatch": (Permission.LOGS_READ, find_batch),
    "Number": (Permission.NUMBERS_READ, find_number),
    "PlanChange": (Permission.PLAN_READ, find_change),
    "Plan": (None, find_plan),
    "PolicyOverride": (Permission.SETTINGS_READ, find_own_override),
    "SupportSession": (None, find_support_session),
    "Suppression": (Permission.CONTACTS_READ, find_suppression),
    "Template": (Permission.TEMPLATES_READ, find_template),
    "TemplateVersion": (Permission.TEMPLATES_READ, find_version),
    "UsageSync": (Permission.USAGE_READ, find_sync),
    "Tenant": (None, find_tenant),
    "TrafficPause": (Permission.ALERTS_READ, find_own_pause),
    "WebhookDelivery": (Permission.WEBHOOKS_READ, find_delivery),
    "WebhookEndpoint": (Permission.WEBHOOKS_READ, find_endpoint),
}


@strawberry.type(description="What can be asked.")
class Query(
    ViewerQueries,
    ContactErasureQueries,
    ContactQueries,
    ContactImportQueries,
    ContactTagQueries,
    TemplateQueries,
    TemplatePreviewQueries,
    MessageQueries,
    ConversationQueries,
    SuppressionQueries,
    SettingsQueries,
    CallQueries,
    NumberQueries,
    SendingQueries,
    ThroughputQueries,
    PlanQueries,
    PlanPreviewQueries,
    PlanAdviceQueries,
    PlanChangeQueries,
    PlanCatalogueQueries,
    UsageQueries,
    UsageSyncQueries,
    CreditQueries,
    InvoiceQueries,
    InvoiceRunQueries,
    MemberQueries,
    InvitationQueries,
    ApiClientQueries,
    AuditQueries,
    SupportAccessQueries,
    SupportSessionQueries,
    AlertQueries,
    PolicyQueries,
    TrafficPauseQueries,
    WebhookEndpointQueries,
    WebhookDeliveryQueries,
    RateCardQueries,
    TenantQueries,
    EconomicsQueries,
    DiscrepancyQueries,
    MarginAlertQueries,
):
    """The root of queries."""

    @strawberry.field(
        description="Any object by its id, or null where the tenant has no such object. "
        "It needs the permission of the object's type.",
        directives=requires(),
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The object's id.")],
    ) -> Node | None:
        kind, _ = split_global(id) or ("", None)
        if kind not in _FINDERS:
            return None
        needed, find = _FINDERS[kind]
        if needed is not None:
            # Before any look-up, so that it tells nothing of what exists.
            refuse_without(frozenset({needed}) - info.context.root_permissions, info.context.principal)
            info.context.note_read("Query.node", {"id": id})
        return await find(info, id)


@strawberry.type(description="What can be done. Each mutation happens whole or not at all.")
class Mutation(
    ContactMutations,
    UploadMutations,
    ContactImportMutations,
    ContactExportMutations,
    ContactTagMutations,
    ContactLookupMutations,
    ContactMergeMutations,
    ContactErasureMutations,
    TemplateMutations,
    SendingMutations,
    CallMutations,
    NumberMutations,
    CancelingMutations,
    SchedulingMutations,
    MemberMutations,
    InvitationMutations,
    OwnershipMutations,
    ApiClientMutations,
    SupportAccessMutations,
    SupportSessionMutations,
    AlertMutations,
    PolicyMutations,
    TrafficPauseMutations,
    WebhookEndpointMutations,
    WebhookReplayMutations,
    ConversationMutations,
    SuppressionMutations,
    SettingsMutations,
    PlanChangeMutations,
    SpendMutations,
    CreditMutations,
    AcquisitionCostMutations,
    UsageSyncMutations,
    InvoiceMutations,
    InvoiceRunMutations,
    RateCardMutations,
    PlanCatalogueMutations,
    PlanBacktestMutations,
    DiscrepancyMutations,
    MarginAlertMutations,
):
    """The root of mutations."""


def build() -> strawberry.Schema:
    """A new schema with its guards."""
    built = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        schema_directives=[Requires, Cost],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )
    install_guards(built)
    return built


schema = build()


def sdl() -> str:
    """The schema in the schema definition language, as it is committed in schema.graphql."""
    return print_schema(schema) + "\n"


if __name__ == "__main__":
    sys.stdout.write(sdl())
