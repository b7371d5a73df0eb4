import { Button, Group, Stack, Text, VisuallyHidden } from '@mantine/core';
import { IconHistory, IconPhoto } from '@tabler/icons-react';
import { useLayoutEffect, useRef, useState } from 'react';

import type { Keyword } from '../generated/operations';
import { STATUS } from '../messages/status';
import { useClock } from '../parts/time';
import { counted } from '../parts/words';
import type { ThreadMessage } from './queries';

const CAME: Record<Keyword, string> = {
  STOP: 'Opted out with this message',
  START: 'Opted in again with this message',
  HELP: 'Asked for help with this message',
};

interface MessageLogProps {
  /** The oldest first. */
  messages: readonly ThreadMessage[];
  called: string;
  /** Brings older ones, where there are some. */
  onOlder?: () => void;
  loading: boolean;
}

/** What was said, the newest at the bottom; what comes in is read out, once and politely. */
export function MessageLog({ messages, called, onOlder, loading }: MessageLogProps) {
  const log = useRef<HTMLDivElement>(null);
  const newest = messages.at(-1);
  useLayoutEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [newest?.id]);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by the keyboard
    <div ref={log} className="log" role="region" aria-label={`Messages with ${called}`} tabIndex={0}>
      <Stack gap="md">
        {onOlder !== undefined && (
          <Button variant="subtle" size="xs" mx="auto" leftSection={<IconHistory size={14} aria-hidden />} loading={loading} onClick={onOlder}>
            Show older messages
          </Button>
        )}
        {messages.map((message) => (
          <Said key={message.id} message={message} called={called} />
        ))}
      </Stack>
      <Announcement newest={messages.findLast(({ direction }) => direction === 'INBOUND')} called={called} />
    </div>
  );
}

function Said({ message, called }: { message: ThreadMessage; called: string }) {
  const clock = useClock();
  const { direction, body, mediaCount, keyword, createdAt } = message;
  const mine = direction === 'OUTBOUND';
  return (
    <article className="said" data-mine={mine} aria-label={mine ? `To ${called}` : `From ${called}`}>
      {(body ?? '') !== '' && <div className="bubble prewrap">{body}</div>}
      {body === null && (
        <div className="bubble">
          <Text size="sm" c="dimmed">
            Text removed
          </Text>
        </div>
      )}
      <Group gap={6} className="said-line">
        {mediaCount > 0 && (
          <Group gap={4}>
            <IconPhoto size={14} aria-hidden />
            <span>{counted(mediaCount, 'picture')}</span>
          </Group>
        )}
        {keyword !== null && <b>{mine ? 'Automatic answer' : CAME[keyword]}</b>}
        {mine && keyword === null && message.sentBy !== null && <span>{message.sentBy.name}</span>}
        <time dateTime={createdAt} title={clock.long(createdAt)}>
          {clock.short(createdAt)}
        </time>
        {mine && <Became message={message} />}
      </Group>
    </article>
  );
}

function Became({ message: { status, deliveryIssue } }: { message: ThreadMessage }) {
  const { icon: Icon, label, color } = STATUS[status];
  return (
    <>
      <Group gap={3} data-status={status} className="said-status" data-bad={color === 'red' || color === 'orange'}>
        <Icon size={14} aria-hidden />
        <span>{label}</span>
      </Group>
      {deliveryIssue !== null && <span>{deliveryIssue.reason}</span>}
    </>
  );
}

/** Says what came since the conversation was opened, and not what was there already. */
function Announcement({ newest, called }: { newest: ThreadMessage | undefined; called: string }) {
  const [first] = useState(newest?.id);
  return (
    <VisuallyHidden role="status">
      {newest !== undefined && newest.id !== first && `${called} wrote: ${newest.body ?? 'a message'}`}
    </VisuallyHidden>
  );
}
