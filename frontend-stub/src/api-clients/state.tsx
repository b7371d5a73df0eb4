import { Badge } from '@mantine/core';

import { isPast } from '../parts/time';
import type { ApiClient } from './queries';

export type ApiClientState = 'working' | 'capped' | 'stopped' | 'expired' | 'disabled';

/** Whether a client works now, and with all that it was made with. */
export function stateOf({ disabledAt, expiresAt, scopes, effectiveScopes }: ApiClient): ApiClientState {
  if (disabledAt !== null) return 'disabled';
  if (expiresAt !== null && isPast(expiresAt)) return 'expired';
  const effective = effectiveScopes?.length ?? 0;
  if (effective === 0) return 'stopped';
  return effective < (scopes?.length ?? 0) ? 'capped' : 'working';
}

const FACES: Record<ApiClientState, [label: string, color: string]> = {
  working: ['Working', 'green'],
  capped: ['Working, with less', 'orange'],
  stopped: ['Stopped', 'orange'],
  expired: ['Expired', 'gray'],
  disabled: ['Disabled', 'gray'],
};

export function StateBadge({ client }: { client: ApiClient }) {
  const [label, color] = FACES[stateOf(client)];
  return <Badge color={color}>{label}</Badge>;
}
