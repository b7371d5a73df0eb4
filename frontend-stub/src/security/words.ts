import type { ActorKind } from '../generated/operations';
import { inWords } from '../parts/words';
import type { AuditEntry } from './queries';

/** What kinds of principals act, in words. */
export const ACTORS: Readonly<Record<ActorKind, string>> = {
  MEMBER: 'Member',
  API_CLIENT: 'API client',
  ISV_SUPPORT: 'Our support',
  ISV_OPERATOR: 'Our operator',
  SYSTEM: 'The portal',
};

const ACTIONS: Readonly<Record<string, string>> = {
  acquisitionCostSet: 'Wrote down what it cost to win you',
  alertAcknowledge: 'Acknowledged an alert',
  alertMute: 'Muted an alert',
  alertRuleSet: 'Changed who is told of alerts',
  apiClientCreate: 'Made an API client',
  apiClientDisable: 'Disabled an API client',
  apiClientRotate: 'Made a new secret for an API client',
  contactCreate: 'Added a contact',
  contactDelete: 'Deleted a contact',
  contactUpdate: 'Changed a contact',
  conversationRead: 'Read a conversation',
  conversationReply: 'Answered somebody',
  creditLimitSet: 'Changed your credit limit',
  creditNoteIssue: 'Issued a credit note',
  creditPurchase: 'Bought credits',
  invitationAccept: 'Accepted an invitation',
  invitationResend: 'Sent an invitation again',
  invitationRevoke: 'Withdrew an invitation',
  invoiceIssue: 'Issued an invoice',
  invoiceMarkPaid: 'Noted that an invoice is paid',
  invoiceVoid: 'Made an invoice void',
  memberInvite: 'Invited a colleague',
  memberRemove: 'Removed a member',
  memberRoleChange: "Changed a member's role",
  messageCancel: 'Canceled a message',
  messageSend: 'Sent messages',
  ownershipAccept: 'Became the Owner',
  ownershipTransfer: 'Offered the ownership',
  planChange: 'Changed the plan',
  planChangeCancel: 'Canceled a change of the plan',
  settingsUpdate: 'Changed the settings',
  spendCapSet: 'Changed the spend cap',
  supportAccessGrant: 'Let support see content',
  supportAccessRevoke: 'Let support see content no longer',
  supportSessionEnd: 'Ended a support session',
  supportSessionStart: 'Opened a support session',
  callMake: 'Had somebody called',
  numberUpdate: 'Changed a number, or what becomes of calls to it',
  suppressionAdd: 'Put a number on the list of those who opted out',
  templateArchive: 'Archived a template',
  templateCreate: 'Wrote a template',
  templateUpdate: 'Changed a template',
  tenantPlanAssign: 'Assigned a plan',
  usageSyncStart: 'Asked for a sync of usage',
  webhookEndpointCreate: 'Added a webhook endpoint',
  webhookEndpointDelete: 'Deleted a webhook endpoint',
  webhookEndpointRotate: 'Made a new secret for a webhook endpoint',
  webhookEndpointTest: 'Sent a test to a webhook endpoint',
  webhookEndpointUpdate: 'Changed a webhook endpoint',
  webhookReplay: 'Sent events again',
};

const ROOT = 'Query.';

/** What was done, in words; an action without words of its own is spelt out: planChange is "Plan change". */
export function whatWasDone({ action, changes }: AuditEntry): string {
  if (action === 'supportRead') {
    const roots = namesIn(changes).filter((name) => name.startsWith(ROOT));
    return `Looked at ${roots.map((name) => spelt(name.slice(ROOT.length))).join(', ')}`;
  }
  return ACTIONS[action] ?? inWords(spelt(action));
}

/** Which fields it was about, with the values that the log keeps; of a look which fields of what was looked at. */
export function fieldsOf({ action, changes }: AuditEntry): string[] {
  if (action === 'supportRead') return namesIn(changes).filter((name) => !name.startsWith(ROOT));
  return Object.entries(changes ?? {}).map(([name, value]) => {
    if (typeof value === 'number') return `${name}: ${value}`;
    if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'number')) return `${name}: ${value.join(', ')}`;
    if (typeof value !== 'string') return name;
    return `${name}: ${/^[A-Z_]+$/.test(value) ? inWords(value) : value}`;
  });
}

/** The fields that were read, without their arguments. */
function namesIn(changes: AuditEntry['changes']): string[] {
  return Object.keys(changes ?? {}).filter((name) => !name.endsWith(')'));
}

/** messageCancel as people write it: message cancel. */
function spelt(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
