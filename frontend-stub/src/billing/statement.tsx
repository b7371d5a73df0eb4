import { Anchor, Card, Table, Text, Title } from '@mantine/core';
import { Link } from 'wouter';

import type { CreditEntryKind } from '../generated/operations';
import { inNumbers } from '../parts/numbers';
import { useClock } from '../parts/time';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import type { CreditEntry } from './queries';

const KINDS: Readonly<Record<CreditEntryKind, string>> = {
  PURCHASE: 'Bought',
  RESERVE: 'Taken for messages that were accepted',
  SETTLE: 'Kept for messages that left',
  GIVE_BACK: 'Given back for messages that never left',
  EXPIRE: 'Lapsed',
  CORRECTION: 'Corrected',
};

/** Every change of the credits, and what it was for. */
export function Statement({ entries }: { entries: readonly CreditEntry[] }) {
  return (
    <Card component="section" aria-labelledby="statement" padding={0}>
      <Title order={2} size="h4" id="statement" p="lg" pb="xs">
        Statement
      </Title>
      <Table aria-labelledby="statement" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th ta="right">Change</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry, place) => (
            <Entry key={`${entry.at}${place}`} entry={entry} />
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function Entry({ entry: { at, kind, units, change, messages, batchId, reason } }: { entry: CreditEntry }) {
  const clock = useClock();
  const mayLook = useMay('LOGS_READ');
  return (
    <Table.Tr>
      <Table.Td>
        {KINDS[kind]}
        <Text size="sm" c="dimmed">
          {clock.short(at)}
          {messages !== null && `, ${counted(messages, 'message')}`}
          {batchId !== null && mayLook && (
            <>
              {', '}
              <Anchor component={Link} href={`/batches/${encodeURIComponent(batchId)}`} inherit>
                the send
              </Anchor>
            </>
          )}
          {reason !== null && `, ${reason}`}
        </Text>
      </Table.Td>
      <Table.Td ta="right" className="numbers">
        {change > 0 && '+'}
        {inNumbers(change)}
        {kind === 'SETTLE' && (
          <Text size="xs" c="dimmed">
            of {inNumbers(units)} taken
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
