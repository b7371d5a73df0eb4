import { Alert, Badge, Card, Group, List, Table, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

import { inMoney } from '../parts/money';
import { inPercent, isNegative } from '../parts/numbers';
import { counted } from '../parts/words';
import type { Tier } from './queries';

type View = Tier['lastMonth'];

/** One plan: at full use, last month, and since the first. */
export function TierCard({ tier: { plan, tenants, worstCase, lastMonth, monthToDate, warnings } }: { tier: Tier }) {
  const name = plan === null ? 'A plan' : `${plan.name}, version ${plan.version}`;
  return (
    <Card component="article" aria-label={name}>
      <Group justify="space-between" mb="xs">
        <Title order={3} size="h4">
          {name}
        </Title>
        <Badge color="gray">{counted(tenants, 'tenant')}</Badge>
      </Group>
      <Table aria-label={`Margin of ${name}`} className="stacks" highlightOnHover={false} horizontalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th ta="right">Brings in</Table.Th>
            <Table.Th ta="right">Costs</Table.Th>
            <Table.Th ta="right">Margin</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Row when="At full use" view={worstCase} />
          <Row when="Last month" view={lastMonth} />
          <Row when="This month" view={monthToDate} />
        </Table.Tbody>
      </Table>
      {warnings.length > 0 && (
        <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} mt="sm">
          <List size="sm">
            {warnings.map(({ code, message }) => (
              <List.Item key={code}>{message}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Card>
  );
}

function Row({ when, view }: { when: string; view: View | null }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={450}>
        {when}
      </Table.Th>
      <Table.Td ta="right" className="numbers" data-label="Brings in">
        {view === null ? '–' : inMoney(view.revenue)}
      </Table.Td>
      <Table.Td ta="right" className="numbers" data-label="Costs">
        {view === null ? '–' : inMoney(view.costOfGoodsSold)}
      </Table.Td>
      <Table.Td ta="right" className="numbers" data-label="Margin">
        <Ratio ratio={view?.grossMarginRatio ?? null} />
      </Table.Td>
    </Table.Tr>
  );
}

/** A margin as a percentage; one below nothing stands out. */
export function Ratio({ ratio }: { ratio: `${number}` | null }) {
  if (ratio === null) return '–';
  return isNegative(ratio) ? <Badge color="red">{inPercent(ratio)}</Badge> : inPercent(ratio);
}
