import type { ImportProblemCode, JobState, OnDuplicate, UnknownHeaders, UploadPurpose } from '../generated/operations';

export const STATES: Record<JobState, { label: string; color: string }> = {
  WAITING: { label: 'Waits for its turn', color: 'petrol' },
  RUNNING: { label: 'Goes on', color: 'petrol' },
  DONE: { label: 'Done', color: 'green' },
  FAILED: { label: 'Given up', color: 'red' },
  CANCELED: { label: 'Stopped', color: 'gray' },
};

export const PURPOSES: Record<UploadPurpose, { title: string; one: string; made: string; skipped: string }> = {
  CONTACTS: { title: 'Import contacts', one: 'contact', made: 'New', skipped: 'Left as they are' },
  SUPPRESSIONS: { title: 'Import numbers that opted out', one: 'number', made: 'Opted out', skipped: 'Opted out already' },
};

export const PROBLEMS: Record<ImportProblemCode, string> = {
  INVALID_NUMBER: 'No phone number',
  INVALID: 'Not as it has to be',
  NUMBER_TWICE: 'The same number again',
  TOO_MANY_CELLS: 'Too many cells',
  TOO_MANY_TAGS: 'Too many tags',
  TOO_MANY_FIELDS: 'Too many details',
  CONSENT_WITHDRAWN: 'Only the person can agree again',
};

export const DUPLICATES: Record<OnDuplicate, string> = {
  UPDATE: 'Bring them up to date',
  SKIP: 'Leave them as they are',
};

export const UNKNOWN_HEADERS: Record<UnknownHeaders, string> = {
  FIELDS: 'Keep them as details',
  LEAVE_OUT: 'Leave them out',
  REFUSE: 'Refuse the file',
};
