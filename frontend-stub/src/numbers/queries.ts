import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  NumbersDocument,
  type NumbersQuery,
  type NumbersQueryVariables,
  ThroughputDocument,
} from '../generated/operations';

export type OwnNumber = NonNullable<NumbersQuery['numbers']>['nodes'][number];

export const numbersQuery = (variables: NumbersQueryVariables) =>
  queryOptions({
    queryKey: ['numbers', variables],
    queryFn: ({ signal }) => request(NumbersDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const throughputQuery = queryOptions({
  queryKey: ['throughput'],
  queryFn: ({ signal }) => request(ThroughputDocument, {}, signal),
  refetchInterval: 10_000, // nothing tells of it
});
