import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { IconFileTypeCsv, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { UsageSyncStartDocument, type UsageSyncFault } from '../generated/operations';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { isStaff, useViewer } from '../session/viewer';
import { daysOf } from './period';
import { syncsQuery, type UsageReport, type UsageSync } from './queries';

const MOST_DAYS = 731; // that one sync reads
const FAULTS: Readonly<Record<UsageSyncFault, string>> = {
  PROVIDER_UNAVAILABLE: 'The carriers’ side did not answer.',
  ACCOUNT_MISSING: 'Your account is not set up with the carriers yet.',
  INTERNAL: 'Something went wrong on our side; we can see what.',
};

/** How fresh the figures are, how to get the carriers' count anew, and the figures to take away. */
export function Freshness({ report }: { report: UsageReport }) {
  const { asOf, providerAsOf } = report;
  const clock = useClock();
  const days = daysOf(report);
  const mayStart = !isStaff(useViewer());
  return (
    <Stack gap="sm" component="section" aria-label="How fresh this is">
      <Group justify="space-between" gap="sm">
        <Text size="sm" c="dimmed">
          Messages as of {clock.long(asOf)}.{' '}
          {providerAsOf === null ? 'All else was not read from the carriers yet.' : `All else as the carriers counted it, as of ${clock.long(providerAsOf)}.`}
        </Text>
        <Button
          component="a"
          href={`/usage.csv?from=${days.from}&until=${days.until}`}
          download
          size="xs"
          variant="default"
          leftSection={<IconFileTypeCsv size={16} aria-hidden />}
        >
          CSV, day by day
        </Button>
      </Group>
      {mayStart && <Sync days={days} />}
    </Stack>
  );
}

function Sync({ days }: { days: ReturnType<typeof daysOf> }) {
  const { data } = useQuery(syncsQuery);
  const last = data?.usageSyncs?.[0];
  const goesOn = last?.state === 'WAITING' || last?.state === 'RUNNING';
  const few = days.count <= MOST_DAYS;
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const range = few ? { from: days.from, until: days.until } : null;
      return (await request(UsageSyncStartDocument, { input: { range } })).usageSyncStart;
    },
    { touches: ['usageSyncs', 'usage'] },
  );
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={isPending}
          disabled={goesOn}
          onClick={() => {
            mutate();
          }}
        >
          Sync now
        </Button>
        <Text size="sm" c="dimmed">
          Reads the carriers’ count of {few ? 'these' : 'the last'} days anew. It happens by itself every night.
        </Text>
      </Group>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <div role="status">{last !== undefined && <Course sync={last} />}</div>
    </Stack>
  );
}

/** How far the last sync is. */
function Course({ sync: { state, days, daysDone, fault, finishedAt } }: { sync: UsageSync }) {
  const clock = useClock();
  const why = fault === null ? '' : ` ${FAULTS[fault]}`;
  if (state === 'DONE') return <Text size="sm">The last sync read {counted(days, 'day')}{finishedAt !== null && `, ${clock.short(finishedAt)}`}.</Text>;
  if (state === 'FAILED') return <Text size="sm">The last sync was given up after {daysDone} of {counted(days, 'day')}.{why}</Text>;
  return (
    <>
      <Text size="sm">
        {state === 'WAITING' ? 'Waits for its turn' : 'Reading'}: {daysDone} of {counted(days, 'day')}.{why}
      </Text>
      <Progress mt={6} aria-label={`${daysDone} of ${counted(days, 'day')} read`} value={(100 * daysDone) / Math.max(1, days)} />
    </>
  );
}
