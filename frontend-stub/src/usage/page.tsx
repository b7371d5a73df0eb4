import { Card, EmptyState, SimpleGrid, Skeleton, Text, Title } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useSearchParams } from 'wouter';

import type { UsageBucketSize, UsageInput } from '../generated/operations';
import { Figure } from '../parts/figure';
import { inRoundMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { AllowanceFigure } from '../session/allowance';
import { useMay } from '../session/viewer';
import { Choose } from './choose';
import { askedBy } from './period';
import { type UsageReport, usageQuery } from './queries';
import { calls, isMessage, received, sent, type Sum } from './sums';
import { Freshness } from './sync';
import { Buckets, Categories } from './table';

const UsageChart = lazy(() => import('./chart'));

/** What was used, and what it comes to. */
export function UsagePage() {
  const [params] = useSearchParams();
  const asked = askedBy(params);
  return (
    <Page title="Usage" lead="What you have used, and what it comes to. Days are in UTC, as on your invoice.">
      <Choose asked={asked} />
      {asked.input === null ? <Text c="dimmed">Choose the first and the last day.</Text> : <Report input={asked.input} cut={asked.cut} />}
    </Page>
  );
}

function Report({ input, cut }: { input: UsageInput; cut: UsageBucketSize }) {
  const prices = useMay('BILLING_READ');
  const { data, error, refetch } = useQuery(usageQuery({ input, prices }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const report = data.usage;
  if (report === null) return null;
  return (
    <>
      <Figures report={report} />
      <Card component="section" aria-labelledby="bars">
        <Title order={2} size="h4" id="bars" mb="md">
          Messages
        </Title>
        {report.categories.some((one) => isMessage(one) && one.count > 0) ? (
          <Suspense fallback={<Skeleton h={260} />}>
            <UsageChart report={report} cut={cut} />
          </Suspense>
        ) : (
          <EmptyState
            size="sm"
            icon={<IconChartBar aria-hidden />}
            title="No messages in this period"
            description="Once you send, you see here how much."
          />
        )}
      </Card>
      {report.categories.length > 0 && (
        <>
          <Categories report={report} prices={prices} />
          <Buckets report={report} cut={cut} prices={prices} />
        </>
      )}
      {!prices && (
        <Text size="sm" c="dimmed">
          Prices are for those whose role includes billing.
        </Text>
      )}
      <Freshness report={report} />
    </>
  );
}

function Figures({ report }: { report: UsageReport }) {
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: report.total == null ? 4 : 5 }} spacing="sm">
      <Of label="Sent" sum={sent(report)} one="message" of="segment" />
      <Of label="Received" sum={received(report)} one="message" of="segment" />
      <Of label="Calls" sum={calls(report)} one="call" of="minute" />
      {report.total != null && (
        <Figure label="Price" value={inRoundMoney(report.total)}>
          <Text size="sm">beside the plan’s fee</Text>
        </Figure>
      )}
      <AllowanceFigure />
    </SimpleGrid>
  );
}

function Of({ label, sum: { count, usage }, one, of }: { label: string; sum: Sum; one: string; of: string }) {
  return (
    <Figure label={label} value={inNumbers(count)} unit={count === 1 ? one : `${one}s`}>
      <Text size="sm">{counted(usage, of)}</Text>
    </Figure>
  );
}
