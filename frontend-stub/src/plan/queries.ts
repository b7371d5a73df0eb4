import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  PlanAdviceDocument,
  type PlanAdviceQuery,
  PlanCatalogueDocument,
  type PlanCatalogueQuery,
  PlanChangePreviewDocument,
  type PlanChangePreviewQuery,
  PlanChangesDocument,
  type PlanChangesQueryVariables,
  PlanDocument,
  type PlanQuery,
} from '../generated/operations';

export type TenantPlan = NonNullable<PlanQuery['plan']>;
export type PendingChange = NonNullable<TenantPlan['pendingChange']>;
export type OfferedPlan = NonNullable<PlanCatalogueQuery['planCatalogue']>[number];
export type Advised = NonNullable<PlanAdviceQuery['planAdvice']>;
export type Preview = NonNullable<PlanChangePreviewQuery['planChangePreview']>;

/** What a change of the plan makes stale. */
export const OF_THE_PLAN = ['plan', 'planCatalogue', 'planChanges', 'planAdvice', 'allowance', 'limits', 'credits', 'spendCap', 'usage'] as const;

export const planQuery = queryOptions({
  queryKey: ['plan'],
  queryFn: ({ signal }) => request(PlanDocument, {}, signal),
});

export const catalogueQuery = queryOptions({
  queryKey: ['planCatalogue'],
  queryFn: ({ signal }) => request(PlanCatalogueDocument, {}, signal),
});

export const adviceQuery = (money: boolean) =>
  queryOptions({
    queryKey: ['planAdvice', money],
    queryFn: ({ signal }) => request(PlanAdviceDocument, { money }, signal),
  });

export const previewQuery = (planId: string, money: boolean) =>
  queryOptions({
    queryKey: ['planChangePreview', planId, money],
    queryFn: ({ signal }) => request(PlanChangePreviewDocument, { planId, money }, signal),
    staleTime: 0,
    gcTime: 0, // its token is for this look alone
    refetchOnWindowFocus: false, // what is being read stays as it is
  });

export const changesQuery = (variables: PlanChangesQueryVariables) =>
  queryOptions({
    queryKey: ['planChanges', variables],
    queryFn: ({ signal }) => request(PlanChangesDocument, variables, signal),
    placeholderData: keepPreviousData,
  });
