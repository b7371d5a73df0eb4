import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import {
  ContactImportDocument,
  type ContactImportQuery,
  type ContactImportQueryVariables,
  ContactImportsDocument,
  type ContactImportsQuery,
  type ContactImportsQueryVariables,
} from '../generated/operations';

export type Import = NonNullable<ContactImportsQuery['contactImports']>['nodes'][number];
export type ImportInFull = NonNullable<ContactImportQuery['contactImport']>;
export type Problem = ImportInFull['problems']['nodes'][number];

export const importsQuery = (variables: ContactImportsQueryVariables) =>
  queryOptions({
    queryKey: ['imports', variables],
    queryFn: ({ signal }) => request(ContactImportsDocument, variables, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.contactImports?.nodes.some(goesOn) === true ? 2_000 : false),
  });

export const importQuery = (variables: ContactImportQueryVariables) =>
  queryOptions({
    queryKey: ['import', variables],
    queryFn: async ({ signal }) => (await request(ContactImportDocument, variables, signal)).contactImport,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data != null && goesOn(state.data) ? 1_000 : false),
  });

export function goesOn({ state }: Pick<Import, 'state'>): boolean {
  return state === 'WAITING' || state === 'RUNNING';
}
