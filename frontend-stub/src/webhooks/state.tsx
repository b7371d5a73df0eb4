import { Badge } from '@mantine/core';

import type { DeliveryRow, Endpoint } from './queries';

export function EndpointState({ endpoint: { disabledAt, failingSince, effectiveEvents, events } }: { endpoint: Endpoint }) {
  if (disabledAt !== null) return <Badge color="gray">Disabled</Badge>;
  if (failingSince !== null) return <Badge color="red">Failing</Badge>;
  if (effectiveEvents.length === 0) return <Badge color="orange">Gets nothing</Badge>;
  if (effectiveEvents.length < events.length) return <Badge color="orange">Working, with less</Badge>;
  return <Badge color="green">Working</Badge>;
}

type Way = Pick<DeliveryRow, 'deliveredAt' | 'failedAt' | 'attempts'>;

export function DeliveryState({ delivery: { deliveredAt, failedAt, attempts } }: { delivery: Way }) {
  if (deliveredAt !== null) return <Badge color="green">Delivered</Badge>;
  if (failedAt !== null) return <Badge color="red">Given up</Badge>;
  return attempts === 0 ? <Badge color="petrol">Waiting</Badge> : <Badge color="orange">Trying again</Badge>;
}

/** What the endpoint said last, or why it said nothing. */
export function lastAnswer({ lastStatus, problem }: Pick<DeliveryRow, 'lastStatus' | 'problem'>): string {
  if (lastStatus !== null) return `HTTP ${lastStatus}`;
  return problem ?? 'No answer yet';
}
