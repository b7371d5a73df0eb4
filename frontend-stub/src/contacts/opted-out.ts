import type { SuppressionSource } from '../generated/operations';

/** Why somebody gets no messages, in words. */
export const OPTED_OUT: Record<SuppressionSource, string> = {
  STOP: 'answered STOP',
  CARRIER: 'the carrier reported it',
  IMPORT: 'came with an import',
  MANUAL: 'entered by a colleague',
  PREFERENCE: 'chose to hear nothing',
};
