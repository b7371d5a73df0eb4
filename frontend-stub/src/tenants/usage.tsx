import { Card, Table, Text } from '@mantine/core';

import { Ratio } from '../economics/tier';
import { inRoundMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { unitOf } from '../parts/words';
import type { TenantDetail } from './queries';

type Category = NonNullable<TenantDetail['usage']>['categories'][number];

/** What a tenant used, its price and its cost, category by category. */
export function UsageCard({ categories }: { categories: readonly Category[] }) {
  if (categories.length === 0) return <Text c="dimmed">Nothing was used.</Text>;
  return (
    <Card padding={0}>
      <Table aria-label="Usage with its price and cost" className="stacks" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">How many</Table.Th>
            <Table.Th ta="right">Price</Table.Th>
            <Table.Th ta="right">Cost</Table.Th>
            <Table.Th ta="right">Margin</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {categories.map(({ category, label, count, countUnit, price, cost, grossMarginRatio }) => (
            <Table.Tr key={category}>
              <Table.Th scope="row" fw={450}>
                {label}
              </Table.Th>
              <Table.Td ta="right" className="numbers" data-label="How many">
                {inNumbers(count)} {unitOf(count, countUnit)}
              </Table.Td>
              <Table.Td ta="right" className="numbers" data-label="Price">
                {price === null ? 'included' : inRoundMoney(price)}
              </Table.Td>
              <Table.Td ta="right" className="numbers" data-label="Cost">
                {cost === null ? '–' : inRoundMoney(cost)}
              </Table.Td>
              <Table.Td ta="right" className="numbers" data-label="Margin">
                <Ratio ratio={grossMarginRatio} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
