import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  UsageDocument,
  type UsageQuery,
  type UsageQueryVariables,
  UsageSyncsDocument,
  type UsageSyncsQuery,
} from '../generated/operations';

export type UsageReport = NonNullable<UsageQuery['usage']>;
export type CategoryTotal = UsageReport['categories'][number];
export type UsageSync = NonNullable<UsageSyncsQuery['usageSyncs']>[number];

export const usageQuery = (variables: UsageQueryVariables) =>
  queryOptions({
    queryKey: ['usage', variables],
    queryFn: ({ signal }) => request(UsageDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const syncsQuery = queryOptions({
  queryKey: ['usageSyncs'],
  queryFn: ({ signal }) => request(UsageSyncsDocument, {}, signal),
});
