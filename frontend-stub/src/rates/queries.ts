import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { RateCardDocument, type RateCardQuery, RateCardsDocument, type RateCardsQueryVariables } from '../generated/operations';

export type RateCard = NonNullable<RateCardQuery['rateCard']>;

/** One version of the rate card; the one in force for null. */
export const rateCardQuery = (version: number | null) =>
  queryOptions({
    queryKey: ['rateCard', version],
    queryFn: ({ signal }) => request(RateCardDocument, { version }, signal),
  });

export const rateCardsQuery = (variables: RateCardsQueryVariables) =>
  queryOptions({
    queryKey: ['rateCards', variables],
    queryFn: ({ signal }) => request(RateCardsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });
