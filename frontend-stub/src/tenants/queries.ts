import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  PlansOnSaleDocument,
  type PlansOnSaleQuery,
  TenantDocument,
  type TenantQuery,
  type TenantQueryVariables,
  TenantsDocument,
  type TenantsQuery,
  type TenantsQueryVariables,
} from '../generated/operations';

export type TenantRow = NonNullable<TenantsQuery['tenants']>['nodes'][number];
export type TenantDetail = NonNullable<TenantQuery['tenant']>;
export type PolicyException = NonNullable<TenantDetail['policyOverrides']>[number];
export type Economics = NonNullable<TenantDetail['economics']>;
export type PlanOnSale = NonNullable<PlansOnSaleQuery['plans']>[number];

export const tenantsQuery = (variables: TenantsQueryVariables) =>
  queryOptions({
    queryKey: ['tenants', variables],
    queryFn: ({ signal }) => request(TenantsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const tenantQuery = (variables: TenantQueryVariables) =>
  queryOptions({
    queryKey: ['tenant', variables],
    queryFn: ({ signal }) => request(TenantDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const plansOnSaleQuery = queryOptions({
  queryKey: ['plansOnSale'],
  queryFn: ({ signal }) => request(PlansOnSaleDocument, {}, signal),
});
