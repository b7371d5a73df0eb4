import { Anchor, Button, Card, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconFilterOff, IconMessages } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';

import { type MessageRow, messagesQuery } from '../api/queries';
import type { MessageFilter } from '../generated/operations';
import { Choice } from '../parts/choice';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { useMay, useReads } from '../session/viewer';
import { MessageDrawer } from './drawer';
import { STATUS_CHOICES, STATUS_GROUPS, StatusBadge } from './status';

/** Every message and what became of it. */
export function MessagesPage() {
  const [params, setParams] = useSearchParams();
  const group = params.get('status') ?? 'all';
  const open = params.get('message');
  const show = (id: string | null) => {
    setParams((old) => {
      if (id === null) old.delete('message');
      else old.set('message', id);
      return old;
    });
  };
  return (
    <Page title="Messages" lead="What was sent, and what became of it.">
      <Choice name="status" label="Status" choices={STATUS_CHOICES} />
      <MessageList
        filter={filterOf(group, params.get('batch'))}
        filtered={group !== 'all' || params.has('batch')}
        onOpen={show}
        onClear={() => {
          setParams(new URLSearchParams());
        }}
      />
      <MessageDrawer
        id={open}
        onClose={() => {
          show(null);
        }}
      />
    </Page>
  );
}

function filterOf(group: string, batchId: string | null): MessageFilter | null {
  const statuses = STATUS_GROUPS[group]?.statuses ?? [];
  if (statuses.length === 0 && batchId === null) return null;
  return { ...(statuses.length > 0 && { status: statuses }), ...(batchId !== null && { batchId }) };
}

interface MessageListProps {
  filter: MessageFilter | null;
  filtered: boolean;
  onOpen: (id: string) => void;
  onClear: () => void;
}

function MessageList({ filter, filtered, onOpen, onClear }: MessageListProps) {
  const { content, contacts } = useReads();
  const maySend = useMay('MESSAGES_SEND');
  const page = usePage(25);
  const { data, error, refetch } = useQuery(messagesQuery({ ...page, filter, content, contacts }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.messages ?? {};
  if (nodes.length === 0 && filtered) {
    return (
      <EmptyState icon={<IconFilterOff aria-hidden />} title="No message matches" description="Try another status.">
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
              <Table.Th>Recipient</Table.Th>
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
  const { id, contact, recipient, body, status, deliveryIssue, createdAt } = message;
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
          {contact?.name ?? recipient.maskedNumber}
        </Anchor>
        {contact?.name != null && (
          <Text size="xs" c="dimmed" className="numbers">
            {recipient.maskedNumber}
          </Text>
        )}
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
