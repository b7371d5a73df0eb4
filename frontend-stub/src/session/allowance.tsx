import { Group, Progress, type ProgressProps, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { allowanceQuery } from '../api/queries';
import type { AllowanceQuery } from '../generated/operations';
import { Figure } from '../parts/figure';
import { inNumbers } from '../parts/numbers';
import { type Clock, useClock } from '../parts/time';
import { counted } from '../parts/words';

export type Allowance = NonNullable<AllowanceQuery['allowance']>;

/** "38 of 50 messages left today", with a bar. */
export function AllowanceMeter() {
  const { data } = useQuery(allowanceQuery);
  const clock = useClock();
  const allowance = data?.allowance;
  if (allowance == null) return null;
  const sentence = leftInWords(allowance);
  const resets = resetInWords(allowance, clock);
  return (
    <Tooltip label={`${sentence}. ${resets}. ${counted(allowance.used, 'message')} used so far.`}>
      <Group gap="xs" wrap="nowrap" tabIndex={0} role="group" aria-label="Allowance" className="allowance">
        <AllowanceBar allowance={allowance} size="md" w={72} visibleFrom="md" />
        <div>
          <Text size="sm" fw={600} lh={1.2}>
            {sentence}
          </Text>
          <Text size="xs" c="dimmed" lh={1.2}>
            {resets}
          </Text>
        </div>
      </Group>
    </Tooltip>
  );
}

/** How much is left, as a bar; nothing where nothing limits. */
export function AllowanceBar({ allowance, ...look }: { allowance: Allowance } & Omit<ProgressProps, 'value' | 'color'>) {
  const { limit, remaining } = allowance;
  if (limit === null || limit === 0) return null;
  return (
    <Progress
      aria-label={leftInWords(allowance)}
      value={(100 * (remaining ?? 0)) / Math.max(1, limit)}
      color={isLow(allowance) ? 'orange' : 'petrol'}
      {...look}
    />
  );
}

export function leftInWords({ limit, remaining, unit, per }: Allowance): string {
  const when = per === 'DAY' ? 'today' : 'this month';
  if (limit === null || remaining === null) return `Unlimited ${unit.toLowerCase()}`;
  if (limit === 0) return 'Each message takes credits';
  return `${inNumbers(remaining)} of ${inNumbers(limit)} ${unit.toLowerCase()} left ${when}`;
}

/** "Resets at 19:00", or on another day: "Resets on 30 Nov, 19:00" */
export function resetInWords({ resetsAt }: Allowance, clock: Clock): string {
  const at = clock.short(resetsAt);
  return `Resets ${at.includes(' ') ? 'on' : 'at'} ${at}`;
}

/** "50 messages a day" */
export function wholeInWords({ limit, unit, per }: Allowance): string {
  if (limit === null) return `Unlimited ${unit.toLowerCase()}`;
  if (limit === 0) return 'Each message takes credits';
  return `${inNumbers(limit)} ${unit.toLowerCase()} a ${per === 'DAY' ? 'day' : 'month'}`;
}

export function isLow({ limit, remaining }: Allowance): boolean {
  return limit !== null && remaining !== null && limit > 0 && remaining <= limit / 10;
}

/** The same as a figure of a room. */
export function AllowanceFigure() {
  const { data } = useQuery(allowanceQuery);
  const clock = useClock();
  const allowance = data?.allowance;
  if (allowance == null) return null;
  const { limit, remaining, unit } = allowance;
  if (limit === 0) return null;
  return (
    <Figure label="Left of the allowance" value={remaining === null ? 'Unlimited' : inNumbers(remaining)} unit={unit.toLowerCase()}>
      <AllowanceBar allowance={allowance} size="lg" />
      <Text size="sm" c="dimmed">
        {resetInWords(allowance, clock)}
      </Text>
    </Figure>
  );
}
