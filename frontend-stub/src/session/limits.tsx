import { Alert, Anchor, Text } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { limitsQuery } from '../api/queries';
import type { AtLimit, LimitsQuery } from '../generated/operations';
import { inMoney } from '../parts/money';
import { inNumbers, inPercent } from '../parts/numbers';
import { useClock } from '../parts/time';
import { isNear } from './spend';
import { useMay } from './viewer';

type Limits = NonNullable<LimitsQuery['plan']>;

const THEN: Readonly<Record<AtLimit, [near: string, reached: string]>> = {
  STOP: ['Sending stops when it is used up.', 'Nothing more is sent until then.'],
  OVERAGE: ['After that, more is charged for.', 'Sending goes on, and more is charged for.'],
  CREDITS: ['After that, messages take credits.', 'Sending goes on as long as there are credits.'],
};

/** Says above every view that the allowance or the spend cap is nearly or wholly gone. */
export function LimitNotices() {
  const { data } = useQuery(limitsQuery(useMay('BILLING_READ')));
  const limits = data?.plan;
  if (limits == null) return null;
  return (
    <div role="status">
      <AllowanceNotice limits={limits} />
      {limits.spendCap != null && <SpendNotice cap={limits.spendCap} />}
    </div>
  );
}

function AllowanceNotice({ limits: { plan, allowance } }: { limits: Limits }) {
  const clock = useClock();
  const mayRead = useMay('PLAN_READ');
  if (allowance === null) return null;
  const { limit, remaining, unit, per, resetsAt } = allowance;
  if (limit === null || remaining === null || limit === 0 || remaining > limit / 5) return null;
  const gone = remaining <= 0;
  const whose = per === 'DAY' ? 'Today’s' : 'This month’s';
  const [near, reached] = THEN[plan.allowance.atLimit];
  return (
    <Notice
      gone={gone && plan.allowance.atLimit === 'STOP'}
      title={gone ? `${whose} ${inNumbers(limit)} ${unit.toLowerCase()} are used up` : `${inPercent(1 - remaining / limit)} of ${whose.toLowerCase()} ${unit.toLowerCase()} are used`}
      more={mayRead && <More href="/plan" words="See the plans" />}
    >
      The next begin at {clock.short(resetsAt)}. {gone ? reached : near}
    </Notice>
  );
}

function SpendNotice({ cap }: { cap: NonNullable<Limits['spendCap']> }) {
  if (!cap.reached && !isNear(cap)) return null;
  return (
    <Notice
      gone={cap.reached}
      title={cap.reached ? 'The spend cap is reached' : 'The spend cap is near'}
      more={<More href="/billing/cap" words="See the cap" />}
    >
      {inMoney(cap.spent)} of {inMoney(cap.amount)} is spent this month.{' '}
      {cap.reached ? 'What costs more is not sent until the next.' : 'What would go over it is not sent.'}
    </Notice>
  );
}

function Notice({ gone, title, more, children }: { gone: boolean; title: string; more: ReactNode; children: ReactNode }) {
  return (
    <Alert role="group" aria-label={title} color={gone ? 'red' : 'orange'} icon={<IconGauge aria-hidden />} title={title} mb="lg">
      <Text size="sm">
        {children} {more}
      </Text>
    </Alert>
  );
}

function More({ href, words }: { href: string; words: string }) {
  return (
    <Anchor component={Link} href={href} inherit c="inherit" fw={600} underline="always">
      {words}
    </Anchor>
  );
}
