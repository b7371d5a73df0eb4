import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  DiscrepanciesDocument,
  type DiscrepanciesQuery,
  type DiscrepanciesQueryVariables,
  MarginAlertsDocument,
  type MarginAlertsQuery,
  type MarginAlertsQueryVariables,
} from '../generated/operations';

export type Discrepancy = NonNullable<DiscrepanciesQuery['discrepancies']>['nodes'][number];
export type MarginAlert = NonNullable<MarginAlertsQuery['marginAlerts']>['nodes'][number];

export const discrepanciesQuery = (variables: DiscrepanciesQueryVariables) =>
  queryOptions({
    queryKey: ['discrepancies', variables],
    queryFn: ({ signal }) => request(DiscrepanciesDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const marginAlertsQuery = (variables: MarginAlertsQueryVariables) =>
  queryOptions({
    queryKey: ['marginAlerts', variables],
    queryFn: ({ signal }) => request(MarginAlertsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });
