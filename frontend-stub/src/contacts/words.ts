import type { ConsentStatus, ContactChannel, LineType, SuppressionSource, WaitsFor } from '../generated/operations';
import type { Erasure } from './queries';

/** Why somebody gets no messages, in words. */
export const OPTED_OUT: Record<SuppressionSource, string> = {
  STOP: 'answered STOP',
  CARRIER: 'the carrier reported it',
  IMPORT: 'came with an import',
  MANUAL: 'entered by a colleague',
  PREFERENCE: 'chose to hear nothing',
};

export const CONSENT: Record<ConsentStatus, { label: string; color: string }> = {
  GIVEN: { label: 'Agreed', color: 'green' },
  WITHDRAWN: { label: 'Agrees no more', color: 'orange' },
  UNKNOWN: { label: 'Nothing recorded', color: 'gray' },
};

export const LINES: Record<LineType, string> = {
  MOBILE: 'Mobile phone',
  LANDLINE: 'Landline: takes no messages',
  VOIP: 'Internet telephony',
  TOLL_FREE: 'Toll-free number',
  UNKNOWN: 'Nobody can say',
};

export const CHANNELS: Record<ContactChannel, string> = {
  SMS: 'Messages',
  VOICE: 'Calls alone',
  NONE: 'Nothing',
};

export const WAITS_FOR: Record<WaitsFor, string> = {
  IN_FLIGHT: 'A message to the person is still on its way. It is erased once it has arrived or failed.',
  CARRIER: 'The carrier does not answer. We ask again until it does.',
};

export const ERASED: Record<keyof Erasure['erased'], string> = {
  messages: 'Messages, emptied here',
  calls: 'Calls, without their number',
  conversations: 'Conversations',
  refusals: 'Refusals of sends',
  consents: 'Pieces of evidence of consent',
  reports: 'Raw reports of carriers',
  events: 'Events told to webhooks',
  auditEntries: 'Entries of the audit log, emptied',
  carrierMessages: 'Messages, deleted at the carrier',
  carrierCalls: 'Records of calls, deleted at the carrier',
};
