import { Alert, Anchor, Badge, Card, EmptyState, Group, Loader, Stack, Table, Text } from '@mantine/core';
import { IconMoodSad } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import type { ErasureState } from '../generated/operations';
import { LoadingRows, Page } from '../parts/page';
import { Shown } from '../parts/shown';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { type Erasure, erasureQuery } from './queries';
import { ERASED, WAITS_FOR } from './words';

/** The receipt of an erasure, at an address of its own. */
export function ErasurePage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(erasureQuery(id));
  return (
    <Page title="Receipt of an erasure" lead="It names nobody. Keep its address or its seal as proof that you erased the person.">
      <Anchor component={Link} href="/contacts/erasures" size="sm">
        All receipts
      </Anchor>
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows count={4} />}
      {data === null && <EmptyState icon={<IconMoodSad aria-hidden />} title="There is no such receipt" description="Check the address." />}
      {data != null && <Receipt erasure={data} />}
    </Page>
  );
}

export function ErasureBadge({ state }: { state: ErasureState }) {
  return state === 'DONE' ? <Badge color="green">Erased</Badge> : <Badge color="petrol">Being erased</Badge>;
}

function Receipt({ erasure }: { erasure: Erasure }) {
  const clock = useClock();
  const { state, waitsFor, requestedAt, erasedHereAt, erasedAtCarrierAt, erased, digest } = erasure;
  const done = state === 'DONE';
  const facts: [label: string, value: string][] = [
    ['Asked for', clock.long(requestedAt)],
    ['Erased here', erasedHereAt === null ? 'Not yet' : clock.long(erasedHereAt)],
    ['Erased at the carrier', erasedAtCarrierAt === null ? 'Not yet' : clock.long(erasedAtCarrierAt)],
  ];
  return (
    <Card>
      <Stack>
        <Group gap="sm" role="status">
          <ErasureBadge state={state} />
          {!done && <Loader size="xs" aria-hidden />}
        </Group>
        {waitsFor !== null && !done && <Alert color="gray">{WAITS_FOR[waitsFor]}</Alert>}
        <Facts label="When" facts={facts} />
        <Facts label="How much" facts={Object.entries(ERASED).map(([what, words]) => [words, erased[what as keyof typeof ERASED].toLocaleString('en')])} />
        {digest === null ? (
          <Text size="sm" c="dimmed">
            The seal comes when all is done. You may leave: it goes on by itself.
          </Text>
        ) : (
          <Shown label="Seal (SHA-256)" text={digest} what="seal" />
        )}
      </Stack>
    </Card>
  );
}

function Facts({ label, facts }: { label: string; facts: [label: string, value: string][] }) {
  return (
    <Table aria-label={label} withRowBorders={false} highlightOnHover={false} verticalSpacing={4} maw={520}>
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" fw={400} c="dimmed">
              {name}
            </Table.Th>
            <Table.Td ta="right">{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
