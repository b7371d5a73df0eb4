import '@mantine/charts/styles.css';

import { BarChart } from '@mantine/charts';

import type { UsageReport } from '../api/queries';
import { dayInUtc } from './days';

const COLORS = ['petrol.6', 'orange.5', 'grape.5', 'green.6', 'gray.5'];

/** The month's messages day by day; the table below says the same in figures, and what else was used. */
export default function UsageChart({ report }: { report: UsageReport }) {
  const shown = report.categories.filter(({ countUnit }) => countUnit === 'messages');
  const days = report.buckets.map(({ start, categories }) => ({
    day: dayInUtc(start),
    ...Object.fromEntries(categories.map(({ category, count }) => [category, count])),
  }));
  return (
    <div aria-hidden>
      <BarChart
        h={260}
        data={days}
        dataKey="day"
        type="stacked"
        withLegend={shown.length > 1}
        series={shown.map(({ category, label }, index) => ({
          name: category,
          label,
          color: COLORS[index % COLORS.length] ?? 'gray',
        }))}
        barProps={{ radius: 4, maxBarSize: 36, isAnimationActive: false }}
        barChartProps={{ accessibilityLayer: false }}
        tickLine="none"
        yAxisProps={{ allowDecimals: false }}
      />
    </div>
  );
}
