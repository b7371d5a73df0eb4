import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  CreditsDocument,
  type CreditsQuery,
  type CreditsQueryVariables,
  InvoiceDocument,
  type InvoiceQuery,
  InvoicesDocument,
  type InvoicesQuery,
  type InvoicesQueryVariables,
  SpendCapDocument,
  type SpendCapQuery,
} from '../generated/operations';

export type InvoiceRow = NonNullable<InvoicesQuery['invoices']>['nodes'][number];
export type Invoice = NonNullable<InvoiceQuery['invoice']>;
export type CreditAccount = NonNullable<CreditsQuery['credits']>;
export type Lot = CreditAccount['lots'][number];
export type CreditEntry = NonNullable<CreditAccount['statement']>['nodes'][number];
export type Pack = NonNullable<CreditsQuery['plan']>['plan']['creditPacks'][number];
export type SpendCap = NonNullable<NonNullable<SpendCapQuery['plan']>['spendCap']>;

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

export const creditsQuery = (variables: CreditsQueryVariables) =>
  queryOptions({
    queryKey: ['credits', variables],
    queryFn: ({ signal }) => request(CreditsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const spendCapQuery = queryOptions({
  queryKey: ['spendCap'],
  queryFn: ({ signal }) => request(SpendCapDocument, {}, signal),
});
