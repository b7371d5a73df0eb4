import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { TenantsDocument, type TenantsQuery, type TenantsQueryVariables } from '../generated/operations';

export type TenantRow = NonNullable<TenantsQuery['tenants']>['nodes'][number];

export const tenantsQuery = (variables: TenantsQueryVariables) =>
  queryOptions({
    queryKey: ['tenants', variables],
    queryFn: ({ signal }) => request(TenantsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });
