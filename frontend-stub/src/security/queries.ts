import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  AuditLogDocument,
  type AuditLogQuery,
  type AuditLogQueryVariables,
  SupportAccessDocument,
  SupportSessionsDocument,
  type SupportSessionsQuery,
  type SupportSessionsQueryVariables,
} from '../generated/operations';

export type AuditEntry = NonNullable<AuditLogQuery['auditLog']>['nodes'][number];
export type SupportSession = NonNullable<SupportSessionsQuery['supportSessions']>['nodes'][number];

export const auditLogQuery = (variables: AuditLogQueryVariables) =>
  queryOptions({
    queryKey: ['audit-log', variables],
    queryFn: ({ signal }) => request(AuditLogDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const supportSessionsQuery = (variables: SupportSessionsQueryVariables) =>
  queryOptions({
    queryKey: ['support-sessions', variables],
    queryFn: ({ signal }) => request(SupportSessionsDocument, variables, signal),
    placeholderData: keepPreviousData,
  });

export const supportAccessQuery = queryOptions({
  queryKey: ['support-access'],
  queryFn: ({ signal }) => request(SupportAccessDocument, {}, signal),
});
