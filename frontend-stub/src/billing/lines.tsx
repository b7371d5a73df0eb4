import { Card, Group, Stack, Table, Text, Title } from '@mantine/core';

import type { PriceBasis } from '../generated/operations';
import { inMoney, type Money } from '../parts/money';
import { type Exact, inNumbers } from '../parts/numbers';
import { useClock } from '../parts/time';
import type { Invoice } from './queries';
import { BASES } from './words';

interface Line {
  description: string;
  quantity: Exact;
  unit: string;
  amount: Money;
  priceBasis: PriceBasis;
  explanation: readonly Step[];
  operatorExplanation?: readonly Step[] | null;
}

interface Step {
  label: string;
  value: string;
}

/** What an invoice is made of; each line says why it is this much. */
export function Lines({ lines, total }: { lines: readonly Line[]; total: Money }) {
  return (
    <Card component="section" aria-labelledby="lines">
      <Title order={2} size="h4" id="lines" mb="sm">
        Lines
      </Title>
      <Stack component="ul" gap={0} className="lines">
        {lines.map((line, index) => (
          <LineItem key={index} line={line} />
        ))}
      </Stack>
      <Group justify="space-between" pt="md">
        <Text fw={650}>Total</Text>
        <Text fw={650} className="numbers">
          {inMoney(total)}
        </Text>
      </Group>
    </Card>
  );
}

function LineItem({ line: { description, quantity, unit, amount, priceBasis, explanation, operatorExplanation } }: { line: Line }) {
  return (
    <li>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div className="shrinks">
          <Text fw={550}>{description}</Text>
          <Text size="sm" c="dimmed">
            {inNumbers(quantity)} {unit}
          </Text>
        </div>
        <Text className="numbers">{inMoney(amount)}</Text>
      </Group>
      <details>
        <summary>Why this amount</summary>
        <Steps label="Why this amount" steps={explanation} />
        <Text size="sm" c="dimmed">
          By {BASES[priceBasis]}.
        </Text>
        {operatorExplanation != null && <Steps label="Cost and margin" steps={operatorExplanation} />}
      </details>
    </li>
  );
}

function Steps({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <Table aria-label={label} verticalSpacing={4} my="xs" withRowBorders={false} highlightOnHover={false}>
      <Table.Tbody>
        {steps.map(({ label: step, value }, index) => (
          <Table.Tr key={index}>
            <Table.Th scope="row" fw={450}>
              {step}
            </Table.Th>
            <Table.Td ta="right">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function CreditNotes({ notes }: { notes: Invoice['creditNotes'] }) {
  const clock = useClock();
  return (
    <Card component="section" aria-labelledby="credit-notes">
      <Title order={2} size="h4" id="credit-notes" mb="sm">
        Credit notes
      </Title>
      <Stack component="ul" gap={0} className="lines">
        {notes.map(({ number, reason, issuedAt, amount }) => (
          <li key={number}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <div className="shrinks">
                <Text fw={550}>{number}</Text>
                <Text size="sm" c="dimmed" className="anywhere">
                  {reason}, {clock.long(issuedAt)}
                </Text>
              </div>
              <Text className="numbers">{inMoney(amount)}</Text>
            </Group>
          </li>
        ))}
      </Stack>
    </Card>
  );
}
