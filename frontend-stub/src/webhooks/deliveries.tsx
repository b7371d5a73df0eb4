import { Anchor, Button, Card, EmptyState, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilterOff, IconRefresh, IconRotate, IconSend } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import type { DeliveryState as State, WebhookDeliveryFilter } from '../generated/operations';
import { Choice } from '../parts/choice';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { DeliveryDrawer } from './drawer';
import { type DeliveryRow, deliveriesQuery } from './queries';
import { ReplayRange } from './replay-range';
import { DeliveryState, lastAnswer } from './state';
import { EVENTS } from './words';

const STATES: Readonly<Record<State | 'all', string>> = { all: 'All', PENDING: 'On the way', DELIVERED: 'Delivered', FAILED: 'Given up' };

/** The log of what was sent to the endpoints. */
export function Deliveries({ mayWrite }: { mayWrite: boolean }) {
  const [params, setParams] = useSearchParams();
  const [replaying, { open, close }] = useDisclosure(false);
  const show = (id: string | null) => {
    setParams((old) => {
      if (id === null) old.delete('delivery');
      else old.set('delivery', id);
      return old;
    });
  };
  return (
    <Stack gap="lg">
      <Group justify="space-between" gap="sm">
        <Choice name="state" label="State" choices={STATES} />
        {mayWrite && (
          <Button size="xs" variant="default" leftSection={<IconRotate size={14} aria-hidden />} onClick={open}>
            Send a range again
          </Button>
        )}
      </Group>
      <Rows filter={filterOf(params.get('state'))} onOpen={show} />
      <DeliveryDrawer
        id={params.get('delivery')}
        mayWrite={mayWrite}
        onClose={() => {
          show(null);
        }}
      />
      <ReplayRange opened={replaying} onClose={close} />
    </Stack>
  );
}

function filterOf(state: string | null): WebhookDeliveryFilter | null {
  return state !== null && state in STATES ? { state: state as State } : null;
}

function Rows({ filter, onOpen }: { filter: WebhookDeliveryFilter | null; onOpen: (id: string) => void }) {
  const { data, error, refetch, isFetching } = useQuery(deliveriesQuery({ ...usePage(25), filter }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.webhookDeliveries ?? {};
  if (nodes.length === 0) {
    return filter === null ? (
      <EmptyState icon={<IconSend aria-hidden />} title="Nothing was sent yet" description="Each event appears here, with what your endpoint answered. To see one, send a test." />
    ) : (
      <EmptyState icon={<IconFilterOff aria-hidden />} title="No delivery matches" description="Try another state." />
    );
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Deliveries" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Event</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th visibleFrom="sm">Attempts</Table.Th>
              <Table.Th visibleFrom="xs">Queued</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((delivery) => (
              <Row key={delivery.id} delivery={delivery} onOpen={onOpen} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <Group justify="space-between">
        <Button variant="subtle" size="xs" leftSection={<IconRefresh size={14} aria-hidden />} loading={isFetching} onClick={() => void refetch()}>
          Read again
        </Button>
        {pageInfo !== undefined && <Pager info={pageInfo} />}
      </Group>
    </Stack>
  );
}

function Row({ delivery, onOpen }: { delivery: DeliveryRow; onOpen: (id: string) => void }) {
  const clock = useClock();
  const { id, event, endpoint, attempts, createdAt, nextAttemptAt } = delivery;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor
          component="button"
          type="button"
          size="sm"
          fw={550}
          ta="left"
          aria-haspopup="dialog"
          onClick={() => {
            onOpen(id);
          }}
        >
          {EVENTS[event].label}
        </Anchor>
        <Text size="xs" c="dimmed" className="anywhere">
          {endpoint?.url ?? 'The endpoint was deleted'}
        </Text>
      </Table.Td>
      <Table.Td>
        <DeliveryState delivery={delivery} />
        <Text size="xs" c="dimmed" mt={4}>
          {lastAnswer(delivery)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" className="numbers">
          {counted(attempts, 'attempt')}
        </Text>
        {nextAttemptAt !== null && (
          <Text size="xs" c="dimmed">
            next at {clock.short(nextAttemptAt)}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Text size="sm" className="numbers">
          {clock.short(createdAt)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
