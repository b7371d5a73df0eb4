import { Accordion, Table, Text } from '@mantine/core';

import type { UsageReport } from '../api/queries';
import { dayInUtc } from './days';

/** The chart's figures for those who cannot see it, or want to copy them. */
export function UsageTable({ report }: { report: UsageReport }) {
  const known = new Map(report.categories.map((one) => [one.category, one]));
  const rows = report.buckets.flatMap(({ start, categories }) => categories.map((entry) => ({ start, ...entry })));
  return (
    <Accordion variant="separated">
      <Accordion.Item value="figures">
        <Accordion.Control>
          <Text fw={550}>The figures, day by day</Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Table aria-label="Usage by day">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Day</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th ta="right">How many</Table.Th>
                <Table.Th ta="right">How much</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ start, category, count, usage }) => (
                <Table.Tr key={`${start}${category}`}>
                  <Table.Td className="numbers">{dayInUtc(start)}</Table.Td>
                  <Table.Td>{known.get(category)?.label ?? category}</Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {count.toLocaleString('en')} {known.get(category)?.countUnit}
                  </Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {usage.toLocaleString('en')} {known.get(category)?.usageUnit}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
