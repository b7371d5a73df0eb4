import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  InvoicingDocument,
  type InvoicingQuery,
  type InvoicingQueryVariables,
  TenantInvoiceDocument,
  type TenantInvoiceQuery,
} from '../generated/operations';

export type Held = NonNullable<InvoicingQuery['invoicesHeld']>['nodes'][number];
export type Run = NonNullable<InvoicingQuery['invoiceRuns']>[number];
export type TenantInvoice = NonNullable<NonNullable<TenantInvoiceQuery['tenant']>['invoice']>;

/** What a change of an invoice makes stale. */
export const OF_INVOICES = ['invoicing', 'tenantInvoice', 'tenant'] as const;

export const invoicingQuery = (variables: InvoicingQueryVariables) =>
  queryOptions({
    queryKey: ['invoicing', variables],
    queryFn: ({ signal }) => request(InvoicingDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const tenantInvoiceQuery = (id: string, invoice: string) =>
  queryOptions({
    queryKey: ['tenantInvoice', id, invoice],
    queryFn: ({ signal }) => request(TenantInvoiceDocument, { id, invoice }, signal),
  });
