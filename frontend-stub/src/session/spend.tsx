import { Progress, type ProgressProps } from '@mantine/core';

import { inMoney, type Money, roughShare } from '../parts/money';

interface Spent {
  amount: Money;
  spent: Money;
  reserved: Money;
  reached: boolean;
}

/** How much of a spend cap is gone, as a bar. */
export function SpendBar({ cap, ...look }: { cap: Spent } & Omit<ProgressProps, 'value' | 'color'>) {
  const { amount, spent, reached } = cap;
  return (
    <Progress
      aria-label={`${inMoney(spent)} of ${inMoney(amount)} spent`}
      value={100 * spentShare(cap)}
      color={reached ? 'red' : isNear(cap) ? 'orange' : 'petrol'}
      {...look}
    />
  );
}

/** Whether four fifths of it are gone or on their way. */
export function isNear(cap: Spent): boolean {
  return spentShare(cap) >= 0.8;
}

function spentShare({ amount, spent, reserved, reached }: Spent): number {
  return reached ? 1 : Math.min(1, roughShare([spent, reserved], amount));
}
