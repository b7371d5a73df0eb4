import type { HeldFor } from '../generated/operations';

/** Why a draft is held back, and what lets it go. */
export const HELD_FOR = {
  USAGE_NOT_SYNCED: 'The carriers’ own count of the month is not whole yet',
  DISCREPANCY: 'Our count and the carriers’ differ, and nobody knows why',
  EARLIER_HELD: 'An invoice of an earlier month is held back',
} as const satisfies Record<HeldFor, string>;
