import { Accordion, Card, Table, Text, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';

import type { PriceBasis, UsageBucketSize } from '../generated/operations';
import { inRoundMoney, type Money } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { unitOf } from '../parts/words';
import { bucketInWords } from './period';
import type { UsageReport } from './queries';

interface Counted {
  count: number;
  countUnit: string;
  usage: number;
  usageUnit: string;
}

interface Priced {
  price?: Money | null;
  priceBasis?: PriceBasis | null;
}

/** Each category of the period: how often, how much, and what it comes to. */
export function Categories({ report: { categories, total }, prices }: { report: UsageReport; prices: boolean }) {
  const phone = useMediaQuery('(max-width: 36em)');
  return (
    <Card component="section" aria-labelledby="by-category" padding={0}>
      <Title order={2} size="h4" id="by-category" p="lg" pb="xs">
        By category
      </Title>
      <Table aria-labelledby="by-category" horizontalSpacing={phone ? 'sm' : 'lg'}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">How much</Table.Th>
            {prices && <Table.Th ta="right">Price</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {categories.map((entry) => (
            <Table.Tr key={entry.category}>
              <Table.Td>{entry.label}</Table.Td>
              <Table.Td ta="right">
                <Amount entry={entry} />
              </Table.Td>
              {prices && (
                <Table.Td ta="right">
                  <Price entry={entry} />
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
        {total != null && (
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th colSpan={2}>All together, beside the plan’s fee</Table.Th>
              <Table.Th ta="right" className="numbers">
                {inRoundMoney(total)}
              </Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        )}
      </Table>
    </Card>
  );
}

function Amount({ entry: { count, countUnit, usage, usageUnit } }: { entry: Counted }) {
  return (
    <>
      <span className="numbers">
        {inNumbers(count)} {unitOf(count, countUnit)}
      </span>
      {usageUnit !== countUnit && (
        <Text size="sm" c="dimmed" className="numbers">
          {inNumbers(usage)} {unitOf(usage, usageUnit)}
        </Text>
      )}
    </>
  );
}

function Price({ entry: { price, priceBasis } }: { entry: Priced }) {
  if (priceBasis === 'INCLUDED') return <Text size="sm">Included</Text>;
  if (price == null) return '–';
  return (
    <>
      <span className="numbers">{inRoundMoney(price)}</span>
      {priceBasis === 'ESTIMATED' && (
        <Text size="sm" c="dimmed">
          Estimate
        </Text>
      )}
    </>
  );
}

interface BucketsProps {
  report: UsageReport;
  cut: UsageBucketSize;
  prices: boolean;
}

/** The chart's figures for those who cannot see it, or want to copy them. */
export function Buckets({ report, cut, prices }: BucketsProps) {
  const known = new Map(report.categories.map((one) => [one.category, one]));
  const rows = report.buckets.flatMap((bucket) => bucket.categories.map((entry) => ({ when: bucketInWords(bucket, cut), entry })));
  return (
    <Accordion variant="separated">
      <Accordion.Item value="figures">
        <Accordion.Control>
          <Text fw={550}>The figures, bar by bar</Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Table aria-label="Usage by bar">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When and what</Table.Th>
                <Table.Th ta="right">How much</Table.Th>
                {prices && <Table.Th ta="right">Price</Table.Th>}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ when, entry }) => (
                <Table.Tr key={`${when}${entry.category}`}>
                  <Table.Td>
                    {when}
                    <Text size="sm" c="dimmed">
                      {known.get(entry.category)?.label ?? entry.category}
                    </Text>
                  </Table.Td>
                  <Table.Td ta="right">
                    <Amount entry={entry} />
                  </Table.Td>
                  {prices && (
                    <Table.Td ta="right">
                      <Price entry={entry} />
                    </Table.Td>
                  )}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
