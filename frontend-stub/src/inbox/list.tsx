import { Badge, EmptyState, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconInbox, IconMessageOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch, useSearchParams } from 'wouter';

import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { useReads } from '../session/viewer';
import { calledOf } from './names';
import { type ConversationRow, conversationsQuery } from './queries';

/** The conversations, those first in which somebody wrote last. */
export function ConversationList({ open }: { open: string | undefined }) {
  const [params] = useSearchParams();
  const { contacts } = useReads();
  const search = params.get('search');
  const unread = params.get('show') === 'unread' ? true : null;
  const filter = search === null && unread === null ? null : { search, unread };
  const { data, error, refetch } = useQuery(conversationsQuery({ ...usePage(25), filter, contacts }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.conversations ?? {};
  if (nodes.length === 0) return <Nothing filtered={filter !== null} search={search} />;
  return (
    <Stack gap="sm">
      <ul className="conversations" aria-label="Conversations">
        {nodes.map((conversation) => (
          <li key={conversation.id}>
            <Row conversation={conversation} here={conversation.id === open} />
          </li>
        ))}
      </ul>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Nothing({ filtered, search }: { filtered: boolean; search: string | null }) {
  if (!filtered) {
    return (
      <EmptyState
        icon={<IconInbox aria-hidden />}
        title="Nobody wrote yet"
        description="Answers to your messages appear here by themselves, as soon as they come."
      />
    );
  }
  return search === null ? (
    <EmptyState icon={<IconInbox aria-hidden />} title="All is read" description="What comes new appears here." />
  ) : (
    <EmptyState icon={<IconMessageOff aria-hidden />} title={`Nobody matches “${search}”`} description="Try a part of the name or the number." />
  );
}

function Row({ conversation, here }: { conversation: ConversationRow; here: boolean }) {
  const query = useSearch();
  const clock = useClock();
  const { id, unread, lastReceivedAt, lastMessage, suppression } = conversation;
  return (
    <UnstyledButton
      component={Link}
      href={`/inbox/${encodeURIComponent(id)}${query === '' ? '' : `?${query}`}`}
      className="conversation"
      data-unread={unread > 0}
      aria-current={here ? 'true' : undefined}
    >
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={unread > 0 ? 700 : 550} truncate>
          {calledOf(conversation)}
        </Text>
        <Text size="xs" c="dimmed" className="numbers">
          {clock.short(lastReceivedAt)}
        </Text>
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs" mih={22}>
        <Text size="sm" flex={1} {...(unread === 0 && { c: 'dimmed' })} truncate>
          {previewOf(lastMessage)}
        </Text>
        {suppression != null && <Badge color="orange" flex="none">Opted out</Badge>}
        {unread > 0 && (
          <Badge circle={unread < 10} variant="filled" flex="none" aria-label={`${unread} unread`}>
            {unread}
          </Badge>
        )}
      </Group>
    </UnstyledButton>
  );
}

function previewOf(message: ConversationRow['lastMessage']): string {
  if (message === null) return '';
  if (message.body == null) return 'Text removed';
  return message.body === '' ? 'A picture' : message.body;
}
