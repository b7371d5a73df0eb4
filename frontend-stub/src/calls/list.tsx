import { Badge, Button, Card, EmptyState, Group, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilterOff, IconPhone, IconPhoneIncoming, IconPhoneOutgoing, IconPhonePlus } from '@tabler/icons-react';
import { type Query, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import { request } from '../api/client';
import { type CallFilter, type CallIssueCode, CallsDocument, type CallsQuery, type CallsQueryVariables, type CallStatus } from '../generated/operations';
import { ChoiceBox } from '../parts/choice';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { MakeCall } from './make';

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

const ISSUES: Record<CallIssueCode, string> = {
  OPTED_OUT: 'They asked not to hear from you',
  COUNTRY_NOT_IN_PLAN: 'Your plan does not reach the country of the number to forward to',
  PAUSED: 'Calls there are paused, since they looked like fraud',
  SPEND_CAP_REACHED: 'It would have gone over your spend cap',
  NO_PLAN: 'Your company has no plan, or is stopped',
  PROVIDER_REFUSED: 'The carriers refused it',
  UNCONFIRMED: 'Nobody can say whether it was made; it is not made again',
  EXPIRED: 'It waited too long to be made',
};

const DIRECTIONS = { both: 'Both ways', OUTBOUND: 'Made', INBOUND: 'Received' } as const;

const callsQuery = (variables: CallsQueryVariables) => ({
  queryKey: ['calls', variables],
  queryFn: ({ signal }: { signal: AbortSignal }) => request(CallsDocument, variables, signal),
  refetchInterval: ({ state }: Query<CallsQuery>) => (state.data?.calls?.nodes.some(isUnderWay) === true ? 3_000 : false), // nothing tells of it
});

/** Every call, from the dialing to its end, and making one. */
export function Calls() {
  const maySend = useMay('MESSAGES_SEND');
  const [making, { open, close }] = useDisclosure(false);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end" gap="sm">
        <ChoiceBox name="direction" label="Direction" choices={DIRECTIONS} />
        {maySend && (
          <Button leftSection={<IconPhonePlus size={18} aria-hidden />} onClick={open}>
            Call somebody
          </Button>
        )}
      </Group>
      <CallList />
      <MakeCall opened={making} onClose={close} />
    </Stack>
  );
}

function CallList() {
  const [params] = useSearchParams();
  const chosen = params.get('direction');
  const direction = chosen === 'OUTBOUND' || chosen === 'INBOUND' ? chosen : null;
  const content = useMay('MESSAGES_READ');
  const filter: CallFilter | null = direction === null ? null : { direction };
  const { data, error, refetch } = useQuery(callsQuery({ ...usePage(25), filter, content }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.calls ?? {};
  if (nodes.length === 0 && filter !== null) {
    return <EmptyState icon={<IconFilterOff aria-hidden />} title="No call matches" description="Try the other direction." />;
  }
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

function Row({ call }: { call: Call }) {
  const clock = useClock();
  const { direction, status, createdAt, durationSeconds, minutes, sender, recipient, issue, announcement } = call;
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
        {announcement != null && (
          <Text size="xs" c="dimmed" lineClamp={2} maw={380}>
            “{announcement}”
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Badge color={color}>{label}</Badge>
        {issue !== null && (
          <Text size="xs" c="dimmed" mt={4} maw={260}>
            {ISSUES[issue]}
          </Text>
        )}
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

function isUnderWay({ status }: Call): boolean {
  return status === 'QUEUED' || status === 'RINGING' || status === 'IN_PROGRESS';
}

/** 1:05 */
function lengthInWords(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
