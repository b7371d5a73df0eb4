import { Alert, Button, Group, Stack, Textarea } from '@mantine/core';
import { IconMessageOff, IconSend } from '@tabler/icons-react';
import { type KeyboardEvent, type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField, isAnswered } from '../api/user-errors';
import { OPTED_OUT } from '../contacts/words';
import { ConversationReplyDocument, type ConversationReplyInput } from '../generated/operations';
import { TextLength } from '../parts/text-length';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import type { Conversation } from './queries';

interface ReplyProps {
  conversation: Conversation;
  called: string;
}

/** Answers, where one may and the other wants to hear. */
export function Reply({ conversation, called }: ReplyProps) {
  const maySend = useMay('MESSAGES_SEND');
  const clock = useClock();
  const { id, suppression } = conversation;
  if (!maySend) return null;
  if (suppression != null) {
    return (
      <Alert color="orange" radius={0} icon={<IconMessageOff aria-hidden />} title={`You cannot answer ${called}`}>
        They get no messages since {clock.day(suppression.since)}: {OPTED_OUT[suppression.source]}. Only they can change
        that, by answering START.
      </Alert>
    );
  }
  return <Form id={id} called={called} />;
}

function Form({ id, called }: { id: string; called: string }) {
  const [body, setBody] = useState('');
  const [key, setKey] = useState(() => crypto.randomUUID());
  const { mutate, refusals, error, isPending } = useChange(
    async (input: ConversationReplyInput) => {
      const outcome = (await request(ConversationReplyDocument, { input })).conversationReply;
      if (isAnswered(outcome)) setKey(crypto.randomUUID());
      return outcome;
    },
    {
      touches: ['conversation', 'messages', 'allowance'],
      onDone: () => {
        setBody('');
      },
    },
  );
  const problems = errorsByField(refusals, ['body'] as const);
  const empty = body.trim() === '';
  const send = () => {
    if (!empty && !isPending) mutate({ conversationId: id, idempotencyKey: key, body });
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send();
  };
  return (
    <form className="reply" onSubmit={submit} noValidate>
      <Stack gap="xs">
        {error !== null && <Trouble error={error} onRetry={send} />}
        <Refusal sentence={problems.form} />
        <Textarea
          aria-label={`Answer to ${called}`}
          placeholder="Write an answer"
          autosize
          minRows={2}
          maxRows={8}
          maxLength={1_600}
          value={body}
          error={problems.body}
          onKeyDown={onKeyDown}
          onChange={(event) => {
            setBody(event.currentTarget.value);
          }}
        />
        <Group justify="space-between">
          <TextLength text={body} />
          <Button type="submit" leftSection={<IconSend size={16} aria-hidden />} loading={isPending} disabled={empty} title="Ctrl or ⌘ and Enter">
            Answer
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
