import { Badge, Tooltip } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

import type { Viewer } from '../api/queries';
import { follow, type Liveness } from './follow';
import { topicsFor } from './topics';

/** Keeps what is shown as it is now, and says so where it cannot. */
export function LiveUpdates({ viewer: { permissions, tenant } }: { viewer: Viewer }) {
  const [liveness, setLiveness] = useState<Liveness>('live');
  const allowed = permissions.join();
  useEffect(
    () => follow(topicsFor(permissions), setLiveness),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- by what it holds: each reading brings a new array
    [allowed, tenant?.id],
  );
  return (
    <span role="status">
      {liveness === 'paused' && (
        <Tooltip label="The connection that tells of changes is lost; we try to get it back. Until then what you see is read again every half minute.">
          <Badge color="orange" leftSection={<IconPlugConnectedX size={14} aria-hidden />} tabIndex={0}>
            Updates paused
          </Badge>
        </Tooltip>
      )}
    </span>
  );
}
