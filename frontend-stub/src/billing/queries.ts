import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { InvoiceDocument, type InvoiceQuery, InvoicesDocument, type InvoicesQuery, type InvoicesQueryVariables } from '../generated/operations';

export type InvoiceRow = NonNullable<InvoicesQuery['invoices']>['nodes'][number];
export type Invoice = NonNullable<InvoiceQuery['invoice']>;

export const invoicesQuery = (variables: InvoicesQueryVariables) =>
  queryOptions({
    queryKey: ['invoices', variables],
    queryFn: ({ signal }) => request(InvoicesDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const invoiceQuery = (id: string) =>
  queryOptions({
    queryKey: ['invoice', id],
    queryFn: ({ signal }) => request(InvoiceDocument, { id }, signal),
  });
