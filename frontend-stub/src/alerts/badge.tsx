import { useQuery } from '@tanstack/react-query';

import { isPast } from '../parts/time';
import { Count } from '../session/count';
import { openAlertsQuery } from './queries';

/** How many alerts wait for somebody; what is muted is not told. */
export function OpenAlertsBadge() {
  const { data } = useQuery(openAlertsQuery);
  const { nodes = [], pageInfo } = data?.alerts ?? {};
  const open = nodes.filter(({ mutedUntil }) => mutedUntil === null || isPast(mutedUntil));
  return <Count count={open.length} more={pageInfo?.hasNextPage ?? false} words="open" color="orange" />;
}
