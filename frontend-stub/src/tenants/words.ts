import type { PolicyRule, TenantState } from '../generated/operations';

export const STATES: Readonly<Record<TenantState, [label: string, color: string]>> = {
  ONBOARDING: ['Being set up', 'petrol'],
  ACTIVE: ['Active', 'green'],
  SUSPENDED: ['Suspended', 'orange'],
  CLOSED: ['Closed', 'gray'],
};

/** What each rule of policy asks of a text. */
export const RULES: Readonly<Record<PolicyRule, string>> = {
  OPT_OUT_TEXT: 'A first message says how to opt out',
  SHARED_SHORTENER: 'No links of shared shorteners',
  SEX: 'No sexual content',
  HATE: 'No hate, and no calls for violence',
  ALCOHOL: 'No advertisements of alcohol',
  FIREARMS: 'No advertisements of firearms or ammunition',
  TOBACCO: 'No advertisements of tobacco, vapes or cannabis',
  GAMBLING: 'No gambling',
  HIGH_RISK_FINANCIAL: 'No payday loans, debt relief or promised returns',
  PHISHING: 'Nothing that asks for passwords or card numbers',
};

/** Where the operator sees one tenant. */
export function tenantAddress(id: string): string {
  return `/tenants/${encodeURIComponent(id)}`;
}

/** Where the operator sees one invoice of a tenant. */
export function invoiceAddress(tenant: string, invoice: string): string {
  return `${tenantAddress(tenant)}/invoices/${encodeURIComponent(invoice)}`;
}
