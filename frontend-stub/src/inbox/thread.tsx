import { ActionIcon, Badge, Button, EmptyState, Group, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowLeft, IconMoodSad, IconUserPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useSearch } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { queryClient } from '../api/queries';
import { ContactForm } from '../contacts/contact-form';
import { ConversationReadDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { isStaff, useMay, useReads, useViewer } from '../session/viewer';
import { MessageLog } from './log';
import { calledOf, numberOf } from './names';
import { type Conversation, conversationQuery } from './queries';
import { Reply } from './reply';

/** One conversation: who it is with, what was said, and the answer. */
export function Thread({ id }: { id: string }) {
  const { contacts } = useReads();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(conversationQuery(id, contacts));
  const conversation = data?.pages[0] ?? null;
  useReadMark(id, conversation?.unread ?? 0);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) {
    return (
      <div className="thread-waiting">
        <LoadingRows count={4} />
      </div>
    );
  }
  if (conversation === null) {
    return (
      <EmptyState
        icon={<IconMoodSad aria-hidden />}
        title="There is no such conversation"
        description="It may belong to another of your companies."
        my="auto"
      />
    );
  }
  const called = calledOf(conversation);
  return (
    <>
      <Head conversation={conversation} called={called} />
      <MessageLog
        messages={data.pages.flatMap((page) => page?.messages?.nodes ?? []).reverse()}
        called={called}
        {...(hasNextPage && { onOlder: () => void fetchNextPage() })}
        loading={isFetchingNextPage}
      />
      <Reply conversation={conversation} called={called} />
    </>
  );
}

/** Whoever looks at a conversation has read it; support only looks, and marks nothing. */
function useReadMark(id: string, unread: number) {
  const staff = isStaff(useViewer());
  const { mutate } = useChange(async () => (await request(ConversationReadDocument, { id })).conversationRead, {
    touches: ['conversations', 'unread', 'conversation'],
  });
  useEffect(() => {
    if (staff || unread === 0) return undefined;
    const mark = () => {
      if (document.visibilityState === 'visible') mutate();
    };
    mark();
    document.addEventListener('visibilitychange', mark);
    return () => {
      document.removeEventListener('visibilitychange', mark);
    };
  }, [staff, unread, mutate]);
}

function Head({ conversation, called }: { conversation: Conversation; called: string }) {
  const query = useSearch();
  const maySave = useMay('CONTACTS_WRITE');
  const [saving, { open, close }] = useDisclosure(false);
  const { contact, recipient, suppression } = conversation;
  const number = numberOf(conversation);
  const unknown = contact === null && recipient?.number != null;
  return (
    <Group className="thread-head" justify="space-between" gap="xs">
      <Group gap="xs" wrap="nowrap" miw={0}>
        <ActionIcon component={Link} href={`/inbox${query === '' ? '' : `?${query}`}`} variant="subtle" size="lg" hiddenFrom="md" aria-label="All conversations">
          <IconArrowLeft size={20} aria-hidden />
        </ActionIcon>
        <div className="shrinks">
          <Group gap="xs" wrap="nowrap">
            <Title order={2} size="h4" lineClamp={1}>
              {called}
            </Title>
            {suppression != null && <Badge color="orange">Opted out</Badge>}
          </Group>
          {number !== called && (
            <Text size="xs" c="dimmed" className="numbers">
              {number}
            </Text>
          )}
          {unknown && (
            <Text size="xs" c="dimmed">
              Not among your contacts
            </Text>
          )}
        </div>
      </Group>
      {unknown && maySave && (
        <Button size="xs" variant="default" leftSection={<IconUserPlus size={14} aria-hidden />} onClick={open}>
          Save contact
        </Button>
      )}
      <ContactForm
        opened={saving}
        contact={null}
        number={recipient?.number ?? ''}
        onClose={close}
        onSaved={() => {
          for (const key of ['conversation', 'conversations']) void queryClient.invalidateQueries({ queryKey: [key] });
        }}
      />
    </Group>
  );
}
