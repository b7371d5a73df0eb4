import { Accordion, Table, Text } from '@mantine/core';

import type { UsageReport } from '../api/queries';
import { dayInUtc } from './days';

/** The chart's figures for those who cannot see it, or want to copy them. */
export function UsageTable({ report }: { report: UsageReport }) {
  const labels = new Map(report.categories.map(({ category, label }) => [category, label]));
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
                <Table.Th ta="right">Messages</Table.Th>
                <Table.Th ta="right">Segments</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ start, category, count, usage }) => (
                <Table.Tr key={`${start}${category}`}>
                  <Table.Td className="numbers">{dayInUtc(start)}</Table.Td>
                  <Table.Td>{labels.get(category) ?? category}</Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {count.toLocaleString('en')}
                  </Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {usage.toLocaleString('en')}
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
