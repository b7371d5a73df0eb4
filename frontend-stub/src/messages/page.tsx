import { Anchor, Button, Card, EmptyState, Group, Stack, Table, Tabs, Text } from '@mantine/core';
import { IconArrowDownLeft, IconArrowUpRight, IconFilterOff, IconMessages } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useSearchParams } from 'wouter';

import { type MessageRow, messagesQuery } from '../api/queries';
import { Calls } from '../calls/list';
import type { MessageDirection, MessageFilter } from '../generated/operations';
import { Choice, ChoiceBox } from '../parts/choice';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { useMay, useReads } from '../session/viewer';
import { MessageDrawer } from './drawer';
import { STATUS_CHOICES, STATUS_GROUPS, StatusBadge } from './status';

const DIRECTIONS = { both: 'Both ways', OUTBOUND: 'Sent', INBOUND: 'Received' };

/** Every message and call, and what became of it. */
export function MessagesPage({ part = 'messages' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  return (
    <Page title="Messages" lead="What was sent and what came, and what became of it.">
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'calls' ? '/messages/calls' : '/messages');
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="messages">Messages</Tabs.Tab>
          <Tabs.Tab value="calls">Calls</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="messages" pt="lg">
          <Messages />
        </Tabs.Panel>
        <Tabs.Panel value="calls" pt="lg">
          <Calls />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Messages() {
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const show = (id: string | null) => {
    setParams((old) => {
      if (id === null) old.delete('message');
      else old.set('message', id);
      return old;
    });
  };
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-end" gap="sm">
        <Choice name="status" label="Status" choices={STATUS_CHOICES} />
        <ChoiceBox name="direction" label="Direction" choices={DIRECTIONS} />
      </Group>
      <MessageList
        filter={filter}
        onOpen={show}
        onClear={() => {
          setParams(new URLSearchParams());
        }}
      />
      <MessageDrawer
        id={params.get('message')}
        onClose={() => {
          show(null);
        }}
      />
    </Stack>
  );
}

function filterOf(params: URLSearchParams): MessageFilter | null {
  const statuses = STATUS_GROUPS[params.get('status') ?? 'all']?.statuses ?? [];
  const batchId = params.get('batch');
  const direction = params.get('direction');
  const filter = {
    ...(statuses.length > 0 && { status: statuses }),
    ...(batchId !== null && { batchId }),
    ...(direction !== null && direction in DIRECTIONS && { direction: direction as MessageDirection }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

interface MessageListProps {
  filter: MessageFilter | null;
  onOpen: (id: string) => void;
  onClear: () => void;
}

function MessageList({ filter, onOpen, onClear }: MessageListProps) {
  const { content, contacts } = useReads();
  const maySend = useMay('MESSAGES_SEND');
  const page = usePage(25);
  const { data, error, refetch } = useQuery(messagesQuery({ ...page, filter, content, contacts }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.messages ?? {};
  if (nodes.length === 0 && filter !== null) {
    return (
      <EmptyState icon={<IconFilterOff aria-hidden />} title="No message matches" description="Try another status or direction.">
        <EmptyState.Actions>
          <Button variant="default" onClick={onClear}>
            Show all messages
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  if (nodes.length === 0) {
    return (
      <EmptyState
        icon={<IconMessages aria-hidden />}
        title="No messages yet"
        description="What you send appears here, with its way to each recipient."
      >
        <EmptyState.Actions>
          {maySend && (
            <Button component={Link} href="/">
              Send the first one
            </Button>
          )}
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Messages" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>With</Table.Th>
              {content && <Table.Th visibleFrom="md">Text</Table.Th>}
              <Table.Th>Status</Table.Th>
              <Table.Th visibleFrom="xs">Created</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((message) => (
              <Row key={message.id} message={message} content={content} onOpen={onOpen} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

interface RowProps extends Pick<MessageListProps, 'onOpen'> {
  message: MessageRow;
  content: boolean;
}

function Row({ message, content, onOpen }: RowProps) {
  const clock = useClock();
  const { id, direction, contact, sender, recipient, body, status, deliveryIssue, createdAt, scheduledAt } = message;
  const inbound = direction === 'INBOUND';
  const number = (inbound ? sender.maskedNumber : recipient.maskedNumber) ?? 'Withheld';
  const Way = inbound ? IconArrowDownLeft : IconArrowUpRight;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={6} wrap="nowrap" align="flex-start">
          <Way size={16} className="way" aria-label={inbound ? 'From' : 'To'} />
          <div>
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
              {contact?.name ?? number}
            </Anchor>
            {contact?.name != null && (
              <Text size="xs" c="dimmed" className="numbers">
                {number}
              </Text>
            )}
          </div>
        </Group>
      </Table.Td>
      {content && (
        <Table.Td visibleFrom="md" maw={380}>
          <Text size="sm" lineClamp={2}>
            {body ?? <Text span c="dimmed" inherit>Text removed</Text>}
          </Text>
        </Table.Td>
      )}
      <Table.Td>
        <StatusBadge status={status} />
        {status === 'SCHEDULED' && scheduledAt !== null && (
          <Text size="xs" c="dimmed" mt={4}>
            for {clock.short(scheduledAt)}
          </Text>
        )}
        {deliveryIssue !== null && (
          <Text size="xs" c="dimmed" mt={4} maw={260}>
            {deliveryIssue.reason}
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
