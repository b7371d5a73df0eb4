import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  AlertRulesDocument,
  type AlertRulesQuery,
  AlertsDocument,
  type AlertsQuery,
  type AlertsQueryVariables,
  OpenAlertsDocument,
  TrafficPausesDocument,
  type TrafficPausesQuery,
} from '../generated/operations';

export type Alert = NonNullable<AlertsQuery['alerts']>['nodes'][number];
export type Rule = NonNullable<AlertRulesQuery['alertRules']>[number];
export type Pause = NonNullable<TrafficPausesQuery['trafficPauses']>[number];

export const alertsQuery = (variables: AlertsQueryVariables) =>
  queryOptions({
    queryKey: ['alerts', variables],
    queryFn: ({ signal }) => request(AlertsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const openAlertsQuery = queryOptions({
  queryKey: ['openAlerts'],
  queryFn: ({ signal }) => request(OpenAlertsDocument, {}, signal),
});

export const alertRulesQuery = queryOptions({
  queryKey: ['alertRules'],
  queryFn: ({ signal }) => request(AlertRulesDocument, {}, signal),
});

export const trafficPausesQuery = (money: boolean) =>
  queryOptions({
    queryKey: ['trafficPauses', money],
    queryFn: ({ signal }) => request(TrafficPausesDocument, { money }, signal),
  });
