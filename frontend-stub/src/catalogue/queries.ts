import { queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { CatalogueDocument, type CatalogueQuery, type PlanBacktestMutation } from '../generated/operations';

export type PlanVersion = NonNullable<CatalogueQuery['plans']>[number];
export type Backtest = NonNullable<NonNullable<PlanBacktestMutation['planBacktest']>['planBacktest']>;

/** What a change of the catalogue makes stale. */
export const OF_THE_CATALOGUE = ['catalogue', 'plansOnSale', 'economics'] as const;

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  queryFn: ({ signal }) => request(CatalogueDocument, {}, signal),
});

/** How many tenants hold a version now. */
export function holdersOf(data: CatalogueQuery, { id }: PlanVersion): number {
  return data.tierEconomics?.find(({ plan }) => plan?.id === id)?.tenants ?? 0;
}
