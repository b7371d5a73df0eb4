import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  ContactDocument,
  type ContactErasureQuery,
  ContactErasureDocument,
  ContactErasuresDocument,
  type ContactErasuresQueryVariables,
  type ContactFilter,
  type ContactQuery,
  ContactTagsDocument,
  type ContactTagsQuery,
} from '../generated/operations';

export type ContactInFull = NonNullable<ContactQuery['contact']>;
export type Tag = NonNullable<ContactTagsQuery['contactTags']>[number];
export type Erasure = Extract<NonNullable<ContactErasureQuery['node']>, { __typename: 'ContactErasure' }>;

/** The queries that a change of contacts makes stale. */
export const OF_CONTACTS = ['contacts', 'contact', 'contactTags'] as const;
/** The same for a change of who wants messages. */
export const OF_WISHES = [...OF_CONTACTS, 'suppressions', 'conversation', 'conversations', 'messages', 'allowance'] as const;

export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: ['contact', id],
    queryFn: ({ signal }) => request(ContactDocument, { id }, signal),
    refetchInterval: ({ state }) => (state.data?.contact?.lookup?.state === 'WAITING' ? 2_000 : false),
  });

export const tagsQuery = queryOptions({
  queryKey: ['contactTags'],
  queryFn: async ({ signal }) => (await request(ContactTagsDocument, {}, signal)).contactTags ?? [],
});

export const erasureQuery = (id: string) =>
  queryOptions({
    queryKey: ['erasure', id],
    queryFn: async ({ signal }) => {
      const { node } = await request(ContactErasureDocument, { id }, signal);
      return node?.__typename === 'ContactErasure' ? node : null;
    },
    refetchInterval: ({ state }) => (state.data?.state === 'WAITING' ? 2_000 : false),
  });

export const erasuresQuery = (variables: ContactErasuresQueryVariables) =>
  queryOptions({
    queryKey: ['erasures', variables],
    queryFn: ({ signal }) => request(ContactErasuresDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

/** Which contacts the address of the list names; null stands for all. */
export function filterOf(params: URLSearchParams): ContactFilter | null {
  const filter: ContactFilter = {};
  const search = params.get('search');
  const tag = params.get('tag');
  const consent = params.get('consent');
  if (search !== null) filter.search = search;
  if (tag !== null) filter.tagIds = [tag];
  if (consent === 'GIVEN' || consent === 'WITHDRAWN' || consent === 'UNKNOWN') filter.consent = consent;
  if (params.get('wants') === 'messages') filter.suppressed = false;
  if (params.get('wants') === 'nothing') filter.suppressed = true;
  return Object.keys(filter).length === 0 ? null : filter;
}
