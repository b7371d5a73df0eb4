import { queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { ApiClientScopesDocument, ApiClientsDocument, type ApiClientsQuery } from '../generated/operations';

export type ApiClient = NonNullable<ApiClientsQuery['apiClients']>[number];

export const apiClientsQuery = queryOptions({
  queryKey: ['api-clients'],
  queryFn: ({ signal }) => request(ApiClientsDocument, {}, signal),
});

/** What the viewer may give to a machine. */
export const apiClientScopesQuery = queryOptions({
  queryKey: ['api-client-scopes'],
  queryFn: ({ signal }) => request(ApiClientScopesDocument, {}, signal),
});
