"""What each mutation hands its input to: the codes of its error enum are those that these can refuse with."""

from collections.abc import Callable
from typing import Any

from auth.api_client_changes import disable_api_client, make_api_client, rotate_secret
from auth.invitations import invite, resend_invitation, revoke_invitation
from auth.invited import accept_invitation
from auth.members import change_role, remove_member
from auth.ownership import accept_ownership, offer_ownership
from portal.alerts.acknowledging import acknowledge
from portal.alerts.routing import mute, set_rule
from portal.calls.making import make_call
from portal.contacts.contacts import create_contact, delete_contact, update_contact
from portal.contacts.exporting import ContactExports
from portal.contacts.merging import merge_contacts
from portal.contacts.tags import delete_tag, rename_tag
from portal.conversations.read_marks import mark_read
from portal.conversations.replying import reply
from portal.credits.paying import set_credit_limit
from portal.credits.purchasing import purchase
from portal.economics.acquisition import set_acquisition_cost
from portal.erasure.requesting import request_erasure
from portal.files.uploads import Uploads
from portal.imports.starting import cancel_import, start_import
from portal.invoices.issuing import issue, issue_credit_note, mark_paid, void
from portal.invoices.runs import start_run
from portal.lookups.asking import look_up_contact
from portal.messages.canceling import cancel_batch, cancel_message
from portal.messages.media import check_found
from portal.messages.scheduling import reschedule_batch, reschedule_message
from portal.messages.sending import send
from portal.messages.suppressing import suppress_by_hand
from portal.numbers.updating import update_number
from portal.plans.assigning import assign_plan
from portal.plans.catalogue import draft_plan, publish_plan, retire_plan
from portal.plans.changing import cancel_change, change_plan
from portal.plans.spend import set_spend_cap
from portal.policy.overrides import end_override, override
from portal.rates.publishing import publish_rate_card
from portal.reconciliation.discrepancies import close
from portal.reconciliation.margin_alerts import acknowledge as acknowledge_margin
from portal.rerating.backtesting import backtest_plan
from portal.shield.pauses import release
from portal.support.grants import grant_access, revoke_access
from portal.support.sessions import end_session, start_session
from portal.templates.templates import archive_template, create_template, update_template
from portal.tenants.settings import update_settings
from portal.usage.syncing import start_sync
from portal.webhooks.endpoints import create_endpoint, delete_endpoint, rotate_endpoint_secret, update_endpoint
from portal.webhooks.replaying import replay, send_test

USE_CASES: dict[str, tuple[Callable[..., Any], ...]] = {
    "contactCreate": (create_contact,),
    "contactUpdate": (update_contact,),
    "contactDelete": (delete_contact,),
    "contactMerge": (merge_contacts,),
    "contactErase": (request_erasure,),
    "contactLookup": (look_up_contact,),
    "uploadCreate": (Uploads.create,),
    "contactImport": (start_import,),
    "suppressionImport": (start_import,),
    "contactImportCancel": (cancel_import,),
    "contactExport": (ContactExports.offer,),
    "contactTagRename": (rename_tag,),
    "contactTagDelete": (delete_tag,),
    "templateCreate": (create_template,),
    "templateUpdate": (update_template,),
    "templateArchive": (archive_template,),
    "messageSend": (send, check_found),
    "messageCancel": (cancel_message, cancel_batch),
    "messageReschedule": (reschedule_message, reschedule_batch),
    "memberInvite": (invite,),
    "invitationResend": (resend_invitation,),
    "invitationRevoke": (revoke_invitation,),
    "invitationAccept": (accept_invitation,),
    "memberRoleChange": (change_role,),
    "memberRemove": (remove_member,),
    "ownershipTransfer": (offer_ownership,),
    "ownershipAccept": (accept_ownership,),
    "apiClientCreate": (make_api_client,),
    "apiClientRotate": (rotate_secret,),
    "apiClientDisable": (disable_api_client,),
    "supportAccessGrant": (grant_access,),
    "supportAccessRevoke": (revoke_access,),
    "supportSessionStart": (start_session,),
    "supportSessionEnd": (end_session,),
    "alertAcknowledge": (acknowledge,),
    "alertMute": (mute,),
    "alertRuleSet": (set_rule,),
    "webhookEndpointCreate": (create_endpoint,),
    "webhookEndpointUpdate": (update_endpoint,),
    "webhookEndpointRotate": (rotate_endpoint_secret,),
    "webhookEndpointDelete": (delete_endpoint,),
    "webhookEndpointTest": (send_test,),
    "webhookReplay": (replay,),
    "conversationRead": (mark_read,),
    "conversationReply": (reply,),
    "callMake": (make_call,),
    "numberUpdate": (update_number,),
    "suppressionAdd": (suppress_by_hand,),
    "settingsUpdate": (update_settings,),
    "planChange": (change_plan,),
    "planChangeCancel": (cancel_change,),
    "spendCapSet": (set_spend_cap,),
    "creditPurchase": (purchase,),
    "creditLimitSet": (set_credit_limit,),
    "acquisitionCostSet": (set_acquisition_cost,),
    "invoiceIssue": (issue,),
    "invoiceMarkPaid": (mark_paid,),
    "invoiceVoid": (void,),
    "creditNoteIssue": (issue_credit_note,),
    "invoicesGenerate": (start_run,),
    "rateCardPublish": (publish_rate_card,),
    "policyOverride": (override,),
    "policyOverrideEnd": (end_override,),
    "trafficPauseRelease": (release,),
    "planDraft": (draft_plan,),
    "planPublish": (publish_plan,),
    "planRetire": (retire_plan,),
    "tenantPlanAssign": (assign_plan,),
    "planBacktest": (backtest_plan,),
    "discrepancyClose": (close,),
    "marginAlertAcknowledge": (acknowledge_margin,),
    "usageSyncStart": (start_sync,),
}
