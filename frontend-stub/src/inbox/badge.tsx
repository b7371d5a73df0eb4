import { useQuery } from '@tanstack/react-query';

import { Count } from '../session/count';
import { unreadQuery } from './queries';

/** How many conversations hold something unread. */
export function UnreadBadge() {
  const { data } = useQuery(unreadQuery);
  const found = data?.conversations;
  return <Count count={found?.nodes.length ?? 0} more={found?.pageInfo.hasNextPage ?? false} words="unread" />;
}
