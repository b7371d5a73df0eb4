import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  ConversationDocument,
  type ConversationQuery,
  ConversationsDocument,
  type ConversationsQuery,
  type ConversationsQueryVariables,
  UnreadDocument,
} from '../generated/operations';

export type ConversationRow = NonNullable<ConversationsQuery['conversations']>['nodes'][number];
export type Conversation = NonNullable<ConversationQuery['conversation']>;
export type ThreadMessage = NonNullable<Conversation['messages']>['nodes'][number];

export const conversationsQuery = (variables: ConversationsQueryVariables) =>
  queryOptions({
    queryKey: ['conversations', variables],
    queryFn: ({ signal }) => request(ConversationsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

/** A conversation, the newest messages first; each further page leads farther back. */
export const conversationQuery = (id: string, contacts: boolean) =>
  infiniteQueryOptions({
    queryKey: ['conversation', id, contacts],
    queryFn: async ({ pageParam, signal }) => {
      const { conversation } = await request(ConversationDocument, { id, contacts, after: pageParam }, signal);
      return conversation;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page?.messages?.pageInfo.hasNextPage === true ? page.messages.pageInfo.endCursor : null),
  });

export const unreadQuery = queryOptions({
  queryKey: ['unread'],
  queryFn: ({ signal }) => request(UnreadDocument, {}, signal),
});
