import type { BatchQuery, MessageStatus } from '../generated/operations';

export type Batch = Extract<NonNullable<BatchQuery['node']>, { __typename: 'MessageBatch' }>;

/** How many messages of a send stand at a status. */
export function countOf({ counts }: Batch, wanted: MessageStatus): number {
  return counts.find(({ status }) => status === wanted)?.count ?? 0;
}
