import { Anchor, Card, Group, Stack, Table, Text, ThemeIcon, Title } from '@mantine/core';
import { IconFileCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { inMoney } from '../parts/money';
import { monthInWords } from '../parts/time';
import { invoiceAddress } from '../tenants/words';
import type { Held } from './queries';
import { HELD_FOR } from './words';

/** The drafts of all tenants that were not issued by themselves. */
export function HeldBack({ held, children }: { held: readonly Held[]; children: ReactNode }) {
  return (
    <Stack component="section" aria-labelledby="held">
      <Title order={2} size="h3" id="held">
        Held back
      </Title>
      {held.length === 0 ? <Nothing /> : <HeldTable held={held} />}
      {children}
    </Stack>
  );
}

function Nothing() {
  return (
    <Card>
      <Group wrap="nowrap">
        <ThemeIcon variant="light" size="lg" color="green">
          <IconFileCheck size={20} aria-hidden />
        </ThemeIcon>
        <Text size="sm">Nothing is held back: every invoice that was made is issued.</Text>
      </Group>
    </Card>
  );
}

function HeldTable({ held }: { held: readonly Held[] }) {
  return (
    <Card padding={0}>
      <Table aria-label="Held back" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Tenant</Table.Th>
            <Table.Th visibleFrom="xs">Held for</Table.Th>
            <Table.Th ta="right">Total</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {held.map((each, index) => (
            <Row key={each.invoice?.id ?? index} held={each} />
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function Row({ held: { tenant, invoice, heldFor } }: { held: Held }) {
  const reason = heldFor === null ? '' : HELD_FOR[heldFor];
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={invoiceAddress(tenant?.id ?? '', invoice?.id ?? '')} size="sm" fw={550}>
          {tenant?.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {invoice !== null && monthInWords(invoice.month)}
        </Text>
        <Text size="xs" hiddenFrom="xs">
          {reason}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Text size="sm">{reason}</Text>
      </Table.Td>
      <Table.Td ta="right" className="numbers">
        {invoice !== null && inMoney(invoice.total)}
      </Table.Td>
    </Table.Tr>
  );
}
