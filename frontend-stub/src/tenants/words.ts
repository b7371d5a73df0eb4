import type { TenantState } from '../generated/operations';

export const STATES: Readonly<Record<TenantState, [label: string, color: string]>> = {
  ONBOARDING: ['Being set up', 'petrol'],
  ACTIVE: ['Active', 'green'],
  SUSPENDED: ['Suspended', 'orange'],
  CLOSED: ['Closed', 'gray'],
};

/** Where the operator sees one tenant. */
export function tenantAddress(id: string): string {
  return `/tenants/${encodeURIComponent(id)}`;
}

/** Where the operator sees one invoice of a tenant. */
export function invoiceAddress(tenant: string, invoice: string): string {
  return `${tenantAddress(tenant)}/invoices/${encodeURIComponent(invoice)}`;
}
