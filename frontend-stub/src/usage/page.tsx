import { Card, EmptyState, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';

import { type UsageReport, usageQuery } from '../api/queries';
import type { UsageQuery } from '../generated/operations';
import { LoadingRows, Page } from '../parts/page';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { AllowanceBar, leftInWords } from '../session/allowance';
import { UsageTable } from './table';

const UsageChart = lazy(() => import('./chart'));

/** What was used, and what is left. */
export function UsagePage() {
  const { data, error, refetch } = useQuery(usageQuery);
  const clock = useClock();
  return (
    <Page title="Usage" lead="What you have sent, and what your plan leaves you. Days are in UTC, as on your bill.">
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
            {data.today !== null && <Figure title="Today" report={data.today} />}
            {data.month !== null && <Figure title="This month" report={data.month} />}
            {data.plan !== null && <PlanCard plan={data.plan} />}
          </SimpleGrid>
          {data.month !== null && (
            <>
              <Card component="section" aria-labelledby="by-day">
                <Title order={2} size="h4" id="by-day" mb="md">
                  Messages by day
                </Title>
                {counts(data.month, 'messages').count > 0 ? (
                  <Suspense fallback={<Skeleton h={260} />}>
                    <UsageChart report={data.month} />
                  </Suspense>
                ) : (
                  <EmptyState
                    size="sm"
                    icon={<IconChartBar aria-hidden />}
                    title="Nothing sent this month yet"
                    description="Once you send, each day gets its bar here."
                  />
                )}
              </Card>
              <UsageTable report={data.month} />
              <Text size="xs" c="dimmed">
                As of {clock.long(data.month.asOf)}
              </Text>
            </>
          )}
        </>
      )}
    </Page>
  );
}

function Figure({ title, report }: { title: string; report: UsageReport | NonNullable<UsageQuery['today']> }) {
  const messages = counts(report, 'messages');
  const calls = counts(report, 'calls');
  return (
    <Card component="section" aria-label={title}>
      <Text size="sm" c="dimmed" fw={550}>
        {title}
      </Text>
      <Group gap={8} align="baseline">
        <Text fz={36} fw={700} lh={1.2} className="numbers">
          {messages.count.toLocaleString('en')}
        </Text>
        <Text c="dimmed">{messages.count === 1 ? 'message' : 'messages'}</Text>
      </Group>
      <Text size="sm">{counted(messages.usage, 'segment')}</Text>
      {calls.count > 0 && (
        <Text size="sm">
          {counted(calls.count, 'call')}, {counted(calls.usage, 'minute')}
        </Text>
      )}
    </Card>
  );
}

/** The sums of what is counted in a unit: messages and calls are never added up. */
function counts({ categories }: Pick<UsageReport, 'categories'>, unit: string): { count: number; usage: number } {
  return categories
    .filter(({ countUnit }) => countUnit === unit)
    .reduce((sum, { count, usage }) => ({ count: sum.count + count, usage: sum.usage + usage }), { count: 0, usage: 0 });
}

function PlanCard({ plan: { plan, allowance, since } }: { plan: NonNullable<UsageQuery['plan']> }) {
  const clock = useClock();
  return (
    <Card component="section" aria-label="Plan">
      <Stack gap={6}>
        <Group justify="space-between">
          <Text size="sm" c="dimmed" fw={550}>
            Plan
          </Text>
          <Text size="xs" c="dimmed">
            since {clock.day(since)}
          </Text>
        </Group>
        <Text fz="xl" fw={700}>
          {plan.name}
        </Text>
        {allowance !== null && (
          <>
            <AllowanceBar allowance={allowance} size="lg" />
            <Text size="sm">
              {leftInWords(allowance)}
              <Text span c="dimmed" inherit>
                , resets at {clock.short(allowance.resetsAt)}
              </Text>
            </Text>
          </>
        )}
      </Stack>
    </Card>
  );
}
