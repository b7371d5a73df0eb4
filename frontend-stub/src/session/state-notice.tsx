import { Alert } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';

import type { TenantState } from '../generated/operations';

const NOTICES: Record<Exclude<TenantState, 'ACTIVE'>, [title: string, text: string]> = {
  ONBOARDING: ['Your account is being set up', 'You can look around and prepare; sending starts when the set-up is done.'],
  SUSPENDED: ['Your account is suspended', 'Nothing is sent for now. Ask support what it takes to go on.'],
  CLOSED: ['Your account is closed', 'You can still read what was sent.'],
};

/** Says above every view why a company cannot send just now. */
export function StateNotice({ state }: { state: TenantState }) {
  if (state === 'ACTIVE') return null;
  const [title, text] = NOTICES[state];
  return (
    <Alert color="orange" icon={<IconInfoCircle aria-hidden />} title={title} mb="lg">
      {text}
    </Alert>
  );
}
