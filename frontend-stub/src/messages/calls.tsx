import { Badge, Card, EmptyState, Group, Stack, Table, Text } from '@mantine/core';
import { IconPhone, IconPhoneIncoming, IconPhoneOutgoing } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { request } from '../api/client';
import { CallsDocument, type CallsQuery, type CallStatus } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Pager, type PageVariables, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';

type Call = NonNullable<CallsQuery['calls']>['nodes'][number];

const STATUSES: Record<CallStatus, [label: string, color: string]> = {
  QUEUED: ['Waiting', 'gray'],
  RINGING: ['Ringing', 'petrol'],
  IN_PROGRESS: ['Talking', 'petrol'],
  COMPLETED: ['Completed', 'green'],
  BUSY: ['Busy', 'orange'],
  NO_ANSWER: ['No answer', 'orange'],
  FAILED: ['Failed', 'red'],
  CANCELED: ['Given up', 'gray'],
};

const callsQuery = (page: PageVariables) => ({
  queryKey: ['calls', page],
  queryFn: ({ signal }: { signal: AbortSignal }) => request(CallsDocument, page, signal),
});

/** Every call, from the dialing to its end. */
export function CallList() {
  const { data, error, refetch } = useQuery(callsQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.calls ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconPhone aria-hidden />} title="No calls yet" description="Calls from and to your numbers appear here." />;
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Calls" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>With</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th visibleFrom="sm">Length</Table.Th>
              <Table.Th visibleFrom="xs">When</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((call) => (
              <Row key={call.id} call={call} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Row({ call: { direction, status, createdAt, durationSeconds, minutes, sender, recipient } }: { call: Call }) {
  const clock = useClock();
  const inbound = direction === 'INBOUND';
  const Icon = inbound ? IconPhoneIncoming : IconPhoneOutgoing;
  const [label, color] = STATUSES[status];
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Icon size={16} aria-label={inbound ? 'Incoming' : 'Outgoing'} />
          <Text size="sm" fw={550} className="numbers">
            {inbound ? (sender.maskedNumber ?? 'Withheld') : recipient.maskedNumber}
          </Text>
        </Group>
      </Table.Td>
      <Table.Td>
        <Badge color={color}>{label}</Badge>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" className="numbers">
          {durationSeconds === null ? '' : lengthInWords(durationSeconds)}
        </Text>
        {minutes !== null && (
          <Text size="xs" c="dimmed">
            {counted(minutes, 'minute')} counted
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

/** 1:05 */
function lengthInWords(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
