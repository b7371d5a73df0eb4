import { Anchor, Badge, Card, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconFileInvoice } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { inMoney } from '../parts/money';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { dateInWords, monthInWords } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { type InvoiceRow, invoicesQuery } from './queries';
import { STATES } from './words';

/** The tenant's invoices, the newest first. */
export function InvoiceList() {
  const { data, error, refetch } = useQuery(invoicesQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.invoices ?? {};
  if (nodes.length === 0) {
    return (
      <EmptyState
        icon={<IconFileInvoice aria-hidden />}
        title="No invoice yet"
        description="On the first of each month you find the one for the month before here."
      />
    );
  }
  return (
    <Stack>
      <InvoiceTable invoices={nodes} addressOf={({ id }) => `/billing/invoices/${encodeURIComponent(id)}`} />
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

interface InvoiceTableProps {
  invoices: readonly InvoiceRow[];
  addressOf: (invoice: InvoiceRow) => string;
}

export function InvoiceTable({ invoices, addressOf }: InvoiceTableProps) {
  return (
    <Card padding={0}>
      <Table aria-label="Invoices" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Month</Table.Th>
            <Table.Th visibleFrom="xs">Number</Table.Th>
            <Table.Th visibleFrom="xs">State</Table.Th>
            <Table.Th ta="right">Total</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {invoices.map((invoice) => (
            <Row key={invoice.id} invoice={invoice} address={addressOf(invoice)} />
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function Row({ invoice: { month, number, state, total, dueOn, creditNotes }, address }: { invoice: InvoiceRow; address: string }) {
  const [label, color] = STATES[state];
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={address} size="sm" fw={550}>
          {monthInWords(month)}
        </Anchor>
        <Text size="xs" c="dimmed" hiddenFrom="xs">
          {number ?? 'No number yet'} · {label}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs" className="numbers">
        {number ?? '–'}
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Badge color={color}>{label}</Badge>
        {state === 'ISSUED' && dueOn !== null && (
          <Text size="xs" c="dimmed">
            by {dateInWords(dueOn)}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right" className="numbers">
        {inMoney(total)}
        {creditNotes.length > 0 && (
          <Text size="xs" c="dimmed">
            with a credit note
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
