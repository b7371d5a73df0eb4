import { allowanceQuery, queryClient } from '../api/queries';
import {
  AlertRaisedDocument,
  AllowanceChangedDocument,
  type AllowanceQuery,
  MessageReceivedDocument,
  MessageStatusChangedDocument,
  type Permission,
  UsageSyncChangedDocument,
} from '../generated/operations';

/** Something that can be followed, who may, and the queries that read it. */
export interface Topic {
  document: { toString: () => string };
  needs: readonly Permission[];
  keys: readonly string[];
  /** The queries to read again after this change. */
  changes: (data: Record<string, unknown>) => readonly string[];
}

const MOVING = ['message', 'messages', 'batch', 'conversation'];
const RECEIVED = ['messages', 'conversations', 'conversation', 'unread', 'contacts', 'suppressions'];
const OF_USAGE = ['plan', 'usage', 'credits', 'spendCap', 'limits'];
const SYNCED = ['usageSyncs', 'usage'];
const RAISED = ['alerts', 'openAlerts', 'trafficPauses'];

const TOPICS: readonly Topic[] = [
  { document: MessageStatusChangedDocument, needs: ['LOGS_READ'], keys: MOVING, changes: () => MOVING },
  { document: MessageReceivedDocument, needs: ['MESSAGES_READ', 'LOGS_READ'], keys: RECEIVED, changes: () => RECEIVED },
  { document: AlertRaisedDocument, needs: ['ALERTS_READ'], keys: RAISED, changes: () => RAISED },
  { document: UsageSyncChangedDocument, needs: ['USAGE_READ'], keys: SYNCED, changes: () => SYNCED },
  {
    document: AllowanceChangedDocument,
    needs: ['USAGE_READ'],
    keys: ['allowance', ...OF_USAGE],
    changes: ({ allowanceChanged }) => {
      // It is told whole, so that only what is made of it needs to be read.
      queryClient.setQueryData(allowanceQuery.queryKey, { allowance: allowanceChanged as AllowanceQuery['allowance'] });
      return OF_USAGE;
    },
  },
];

/** What somebody with these permissions can follow. */
export function topicsFor(permissions: readonly Permission[]): readonly Topic[] {
  return TOPICS.filter(({ needs }) => needs.every((one) => permissions.includes(one)));
}
