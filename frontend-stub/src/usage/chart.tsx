import '@mantine/charts/styles.css';

import { BarChart } from '@mantine/charts';

import type { UsageBucketSize } from '../generated/operations';
import { inNumbers } from '../parts/numbers';
import { bucketInWords } from './period';
import type { UsageReport } from './queries';
import { isMessage } from './sums';

const COLORS = ['petrol.6', 'orange.5', 'grape.5', 'green.6', 'gray.5'];

/** The messages bucket by bucket; the tables below say the same in figures, and what else was used. */
export default function UsageChart({ report, cut }: { report: UsageReport; cut: UsageBucketSize }) {
  const shown = report.categories.filter((one) => isMessage(one) && one.count > 0).sort((one, other) => other.count - one.count);
  const bars = report.buckets.map((bucket) => ({
    when: bucketInWords(bucket, cut),
    ...Object.fromEntries(bucket.categories.map(({ category, count }) => [category, count])),
  }));
  return (
    <div aria-hidden>
      <BarChart
        h={260}
        data={bars}
        dataKey="when"
        type="stacked"
        withLegend={shown.length > 1}
        series={shown.map(({ category, label }, index) => ({
          name: category,
          label,
          color: COLORS[index % COLORS.length] ?? 'gray',
        }))}
        valueFormatter={inNumbers}
        barProps={{ radius: 4, maxBarSize: 36, isAnimationActive: false }}
        barChartProps={{ accessibilityLayer: false }}
        tickLine="none"
        yAxisProps={{ allowDecimals: false }}
      />
    </div>
  );
}
