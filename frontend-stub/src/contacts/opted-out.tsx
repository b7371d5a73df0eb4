import { Badge } from '@mantine/core';

import type { Contact } from '../api/queries';
import { useClock } from '../parts/time';
import { OPTED_OUT } from './words';

/** Says of a contact who gets no messages, that it gets none. */
export function OptedOut({ contact: { suppression } }: { contact: Pick<Contact, 'suppression'> }) {
  const clock = useClock();
  if (suppression === null) return null;
  return (
    <Badge color="orange" title={`Since ${clock.day(suppression.since)}: ${OPTED_OUT[suppression.source]}`}>
      Opted out
    </Badge>
  );
}
