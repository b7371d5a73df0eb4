import type { IssueActor } from '../generated/operations';

/** Who can do something about what went wrong, in words. */
export const WHO_ACTS: Record<IssueActor, string> = {
  TENANT: 'You can mend this',
  RECIPIENT: 'The recipient can mend this',
  ISV: 'We are on it',
  CARRIER: 'The carrier has to mend this; waiting may help',
  NOBODY: 'Nobody can mend this',
};
