import { Alert, Anchor, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';

import { Ratio } from '../economics/tier';
import { inDifference, inMoney } from '../parts/money';
import { isPositive } from '../parts/numbers';
import { monthInWords } from '../parts/time';
import { counted } from '../parts/words';
import { tenantAddress } from '../tenants/words';
import type { Backtest } from './queries';

/** What months brought beside what they would have brought, and who would have paid more or less. */
export function BacktestResult({ found }: { found: Backtest }) {
  const { tenants, payingMore, payingLess, refusedTenants, refusedMessages, unconverted } = found;
  return (
    <Stack role="status" aria-label="What came of it">
      <Text>
        Of {counted(tenants, 'tenant')} <b>{payingMore.toLocaleString('en')}</b> would have paid more and{' '}
        <b>{payingLess.toLocaleString('en')}</b> less.
        {refusedMessages > 0 && ` ${counted(refusedMessages, 'message')} of ${counted(refusedTenants, 'tenant')} would have been refused at its limit.`}
      </Text>
      {unconverted.length > 0 && (
        <Alert color="orange">The rate card has no exchange rate for {unconverted.join(', ')}: tenants with a plan in it are left out.</Alert>
      )}
      <Months found={found} />
      {found.changes.length > 0 && <Changes changes={found.changes} />}
    </Stack>
  );
}

type Figures = Backtest['before'];

function Months({ found: { months, before, after } }: { found: Backtest }) {
  return (
    <Table aria-label="Month by month" className="stacks" horizontalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Month</Table.Th>
          <Table.Th ta="right">Brought in</Table.Th>
          <Table.Th ta="right">With this plan</Table.Th>
          <Table.Th ta="right">Margin</Table.Th>
          <Table.Th ta="right">With this plan</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {months.map((each) => (
          <Row key={each.month} when={monthInWords(each.month)} before={each.before} after={each.after} />
        ))}
        {months.length > 1 && <Row when="All of them" before={before} after={after} />}
      </Table.Tbody>
    </Table>
  );
}

function Row({ when, before, after }: { when: string; before: Figures; after: Figures }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={450}>
        {when}
      </Table.Th>
      <Table.Td ta="right" className="numbers" data-label="Brought in">
        {inMoney(before.revenue)}
      </Table.Td>
      <Table.Td ta="right" className="numbers" data-label="With this plan">
        {inMoney(after.revenue)}
      </Table.Td>
      <Table.Td ta="right" className="numbers" data-label="Margin">
        <Ratio ratio={before.grossMarginRatio} />
      </Table.Td>
      <Table.Td ta="right" className="numbers" data-label="With this plan">
        <Ratio ratio={after.grossMarginRatio} />
      </Table.Td>
    </Table.Tr>
  );
}

function Changes({ changes }: Pick<Backtest, 'changes'>) {
  return (
    <Table aria-label="Who would have paid more or less" className="stacks" horizontalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Tenant</Table.Th>
          <Table.Th ta="right">Paid</Table.Th>
          <Table.Th ta="right">With this plan</Table.Th>
          <Table.Th ta="right">Difference</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map(({ tenant, before, after, difference }, index) => (
          <Table.Tr key={tenant?.id ?? index}>
            <Table.Th scope="row" fw={450}>
              <Anchor component={Link} href={tenantAddress(tenant?.id ?? '')} size="sm">
                {tenant?.name}
              </Anchor>
            </Table.Th>
            <Table.Td ta="right" className="numbers" data-label="Paid">
              {inMoney(before)}
            </Table.Td>
            <Table.Td ta="right" className="numbers" data-label="With this plan">
              {inMoney(after)}
            </Table.Td>
            <Table.Td ta="right" className="numbers" data-label="Difference" fw={isPositive(difference.amount) ? 600 : 450}>
              {inDifference(difference)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
