import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { inDifference, inMoney } from '../parts/money';
import { inNumbers, isZero } from '../parts/numbers';
import { clockIn, isPast, useClock } from '../parts/time';
import { leftInWords, wholeInWords } from '../session/allowance';
import { useMay, useTenant } from '../session/viewer';
import type { Preview } from './queries';

const UTC = clockIn('UTC');

/** What a change does: when, for how much, with what left, and whether it pays off. */
export function Facts({ preview: { effectiveAt, proration, monthlyDifference, allowanceAfter, breakEven, from, to } }: { preview: Preview }) {
  const money = useMay('BILLING_READ');
  return (
    <>
      <Table aria-label="What changes" variant="vertical" layout="fixed" highlightOnHover={false}>
        <Table.Tbody>
          <Fact label="Begins">
            <Begins at={effectiveAt} />
          </Fact>
          {monthlyDifference !== null && (
            <Fact label="Fee">{isZero(monthlyDifference.amount) ? 'The same' : `${inDifference(monthlyDifference)} a month`}</Fact>
          )}
          {proration != null && (
            <Fact label="This month’s invoice">
              {isZero(proration.amount) ? 'Stays as it is' : `${inDifference(proration)}, for the days that are left`}
            </Fact>
          )}
          {allowanceAfter !== null && (
            <Fact label="Allowance after it">{isPast(effectiveAt) ? leftInWords(allowanceAfter) : wholeInWords(allowanceAfter)}</Fact>
          )}
          {breakEven != null && (
            <Fact label="At your usual use">
              {inNumbers(breakEven.monthlyMessages)} messages a month: {inMoney(breakEven.currentPrice)} with {from?.name ?? 'what you have'},{' '}
              {inMoney(breakEven.newPrice)} with {to?.name ?? 'this plan'}.
              {breakEven.messages !== null && ` They meet at ${inNumbers(breakEven.messages)} a month.`}
            </Fact>
          )}
        </Table.Tbody>
      </Table>
      {!money && (
        <Text size="sm" c="dimmed">
          What it does to the invoice is for those whose role includes billing.
        </Text>
      )}
    </>
  );
}

function Begins({ at }: { at: string }) {
  const clock = useClock();
  const { timeZone } = useTenant();
  if (isPast(at)) return 'At once';
  return timeZone === 'UTC' ? `${clock.short(at)} UTC` : `${clock.short(at)} your time (${UTC.short(at)} UTC)`;
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" w="36%">
        {label}
      </Table.Th>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}
