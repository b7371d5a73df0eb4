import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { EconomicsDocument, type EconomicsQuery, type EconomicsQueryVariables } from '../generated/operations';

export type Unit = NonNullable<EconomicsQuery['unitEconomics']>;
export type Tier = NonNullable<EconomicsQuery['tierEconomics']>[number];

export const economicsQuery = (variables: EconomicsQueryVariables) =>
  queryOptions({
    queryKey: ['economics', variables],
    queryFn: ({ signal }) => request(EconomicsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });
