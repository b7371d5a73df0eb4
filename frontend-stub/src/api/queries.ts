import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';

import {
  AllowanceDocument,
  BatchDocument,
  ContactsDocument,
  type ContactsQuery,
  type ContactsQueryVariables,
  LimitsDocument,
  MessageDocument,
  MessageEstimateDocument,
  type MessageEstimateInput,
  type MessageEstimateQuery,
  type MessageQuery,
  MessagesDocument,
  type MessagesQuery,
  type MessagesQueryVariables,
  TemplatePreviewDocument,
  type TemplatePreviewQueryVariables,
  TemplatesDocument,
  type TemplatesQuery,
  type TemplatesQueryVariables,
  ViewerDocument,
  type ViewerQuery,
} from '../generated/operations';
import { request } from './client';
import { Problem } from './problem';

export type Viewer = ViewerQuery['viewer'];
export type Contact = NonNullable<ContactsQuery['contacts']>['nodes'][number];
export type Template = NonNullable<TemplatesQuery['templates']>['nodes'][number];
export type Variable = Template['current']['variables'][number];
export type MessageRow = NonNullable<MessagesQuery['messages']>['nodes'][number];
export type Message = NonNullable<MessageQuery['message']>;
export type Estimate = NonNullable<MessageEstimateQuery['messageEstimate']>;

/** What the role may read, for the operations whose fields depend on it. */
export interface Reads {
  content: boolean;
  contacts: boolean;
  templates: boolean;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.kind === 'offline',
    },
  },
});

export const viewerQuery = queryOptions({
  queryKey: ['viewer'],
  queryFn: async ({ signal }) => {
    const { viewer } = await request(ViewerDocument, {}, signal);
    return { viewer: { ...viewer, tenant: viewer.tenant ?? viewer.supportSession?.tenant ?? null } };
  },
  staleTime: 60_000,
  // A support session ends by itself, and what it shows is for the tenant to decide at any time.
  refetchInterval: ({ state }) => (state.data?.viewer.supportSession == null ? false : 15_000),
});

export const allowanceQuery = queryOptions({
  queryKey: ['allowance'],
  queryFn: ({ signal }) => request(AllowanceDocument, {}, signal),
});

/** What is left of the allowance and of the spend cap, as far as the role may know. */
export const limitsQuery = (money: boolean) =>
  queryOptions({
    queryKey: ['limits', money],
    queryFn: ({ signal }) => request(LimitsDocument, { money }, signal),
  });

export const contactsQuery = (variables: ContactsQueryVariables) =>
  queryOptions({
    queryKey: ['contacts', variables],
    queryFn: ({ signal }) => request(ContactsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const templatesQuery = (variables: TemplatesQueryVariables) =>
  queryOptions({
    queryKey: ['templates', variables],
    queryFn: ({ signal }) => request(TemplatesDocument, variables, signal),
    placeholderData: keepPreviousData,
    // Nothing tells when the messaging service has one.
    refetchInterval: ({ state }) =>
      state.data?.templates?.nodes.some(({ current }) => current.content?.state === 'PUBLISHING') === true ? 5_000 : false,
  });

export const templatePreviewQuery = (variables: TemplatePreviewQueryVariables) =>
  queryOptions({
    queryKey: ['templatePreview', variables],
    queryFn: ({ signal }) => request(TemplatePreviewDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const estimateQuery = (input: MessageEstimateInput | null, money: boolean) =>
  queryOptions({
    queryKey: ['estimate', input, money],
    queryFn: ({ signal }) => {
      if (input === null) throw new Error('Nothing to estimate yet');
      return request(MessageEstimateDocument, { input, money }, signal);
    },
    enabled: input !== null,
    placeholderData: keepPreviousData,
  });

export const messagesQuery = (variables: MessagesQueryVariables) =>
  queryOptions({
    queryKey: ['messages', variables],
    queryFn: ({ signal }) => request(MessagesDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const messageQuery = (id: string, reads: Reads) =>
  queryOptions({
    queryKey: ['message', id, reads],
    queryFn: ({ signal }) => request(MessageDocument, { id, ...reads }, signal),
  });

export const batchQuery = (id: string, contacts: boolean) =>
  queryOptions({
    queryKey: ['batch', id, contacts],
    queryFn: ({ signal }) => request(BatchDocument, { id, contacts }, signal),
  });
