import type { TenantRole } from '../generated/operations';

/** What each role is for, in a sentence. */
export const ROLES: Readonly<Record<TenantRole, string>> = {
  OWNER: 'May do everything, and alone makes administrators, hands the company over and closes its account.',
  ADMINISTRATOR: 'Runs the account: messages, team, API clients, bills, security.',
  DEVELOPER: 'Sends messages and looks after contacts, templates and API clients. No bills, no team.',
  BILLING_MANAGER: 'Looks after plan and bills, and sees usage and the log without texts.',
  SUPPORT: 'Looks at usage and the log without texts, and changes nothing.',
};

const BELOW_ADMINISTRATOR: readonly TenantRole[] = ['DEVELOPER', 'BILLING_MANAGER', 'SUPPORT'];

/** The roles that somebody gives and takes; the server decides again. */
export function rolesManagedBy(role: TenantRole | undefined): readonly TenantRole[] {
  if (role === 'OWNER') return ['ADMINISTRATOR', ...BELOW_ADMINISTRATOR];
  return role === 'ADMINISTRATOR' ? BELOW_ADMINISTRATOR : [];
}
