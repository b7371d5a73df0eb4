import { queryOptions } from '@tanstack/react-query';

import { request } from '../api/client';
import { TeamDocument, type TeamQuery } from '../generated/operations';

export type Member = NonNullable<TeamQuery['members']>[number];
export type Invitation = NonNullable<TeamQuery['invitations']>[number];

export const teamQuery = queryOptions({
  queryKey: ['team'],
  queryFn: ({ signal }) => request(TeamDocument, {}, signal),
});
