import { Alert, Anchor, DataList, Drawer, EmptyState, Group, Stack, Text, Timeline, Title } from '@mantine/core';
import { IconHelp, IconInfoCircle, IconMoodSad } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { type Message, messageQuery } from '../api/queries';
import type { EventSource } from '../generated/operations';
import { WHO_ACTS } from '../parts/actors';
import { LoadingRows } from '../parts/page';
import { Phone } from '../parts/phone';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useReads } from '../session/viewer';
import { isFinal, STATUS, StatusBadge } from './status';
import { Waiting } from './waiting';

const SOURCES: Record<EventSource, string> = {
  PORTAL: 'noted by the portal',
  PROVIDER_ANSWER: 'told when it was handed over',
  CALLBACK: 'reported by the carrier',
  SWEEP: 'found when we asked',
};

/** One message in full: text, way, and what went wrong. */
export function MessageDrawer({ id, onClose }: { id: string | null; onClose: () => void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={onClose}
      position="right"
      size="md"
      title={<Text fw={650}>Message</Text>}
    >
      {id !== null && <Details id={id} />}
    </Drawer>
  );
}

function Details({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(messageQuery(id, useReads()));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={4} />;
  if (data.message === null) {
    return <EmptyState icon={<IconMoodSad aria-hidden />} title="There is no such message" description="It may have been deleted." />;
  }
  return <Found message={data.message} />;
}

function Found({ message }: { message: Message }) {
  const { deliveryIssue, body, outcomePending, status } = message;
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <div role="status">
          <StatusBadge status={status} />
        </div>
        <Waiting id={message.id} status={status} scheduledAt={message.scheduledAt} />
      </Group>
      {deliveryIssue !== null && (
        <Alert color="red" icon={<IconInfoCircle aria-hidden />} title={deliveryIssue.reason}>
          <Text size="sm">{deliveryIssue.advice}</Text>
          <Text size="sm" fw={600} mt={6}>
            {WHO_ACTS[deliveryIssue.actor]}
          </Text>
        </Alert>
      )}
      {!outcomePending && !isFinal(status) && (
        <Alert color="gray" icon={<IconHelp aria-hidden />} title="Nobody told whether it arrived">
          We asked for four days. Not every carrier tells; if it matters, ask the recipient.
        </Alert>
      )}
      {body != null && <Phone label="The text" text={body} />}
      <Facts message={message} />
      <Way message={message} />
    </Stack>
  );
}

function Facts({ message }: { message: Message }) {
  const { recipient, contact, sender, segments, encoding, sentBy, batch, conversation, mediaCount } = message;
  const clock = useClock();
  const inbound = message.direction === 'INBOUND';
  const named = (number: string | null | undefined) => [contact?.name, number].filter(Boolean).join(', ');
  const from = sender.number ?? sender.maskedNumber;
  const to = recipient.number ?? recipient.maskedNumber;
  const facts: [label: string, value: string | null | undefined][] = [
    ['To', inbound ? to : named(to)],
    ['From', inbound ? named(from) : from],
    [inbound ? 'Received' : 'Created', clock.long(message.createdAt)],
    ['Sent at', message.status === 'SCHEDULED' && message.scheduledAt !== null ? clock.long(message.scheduledAt) : null],
    ['Sent by', sentBy?.name],
    ['Length', `${counted(segments, 'segment')}${encoding === 'UCS_2' ? ', special characters' : ''}`],
    ['Media', mediaCount === 0 ? null : counted(mediaCount, 'picture')],
  ];
  return (
    <div>
      <DataList labelWidth="80px" gap="xs">
        {facts.map(
          ([label, value]) =>
            value != null && (
              <DataList.Item key={label}>
                <DataList.ItemLabel>{label}</DataList.ItemLabel>
                <DataList.ItemValue>{value}</DataList.ItemValue>
              </DataList.Item>
            ),
        )}
      </DataList>
      {batch !== null && (
        <Anchor component={Link} href={`/batches/${encodeURIComponent(batch.id)}`} size="sm" mt="sm" display="inline-block">
          Everyone who got this
        </Anchor>
      )}
      {conversation != null && (
        <Anchor component={Link} href={`/inbox/${encodeURIComponent(conversation.id)}`} size="sm" mt="sm" display="block">
          The whole conversation
        </Anchor>
      )}
    </div>
  );
}

function Way({ message }: { message: Message }) {
  const clock = useClock();
  return (
    <section aria-labelledby="way">
      <Title order={3} size="h5" id="way" mb="sm">
        Its way
      </Title>
      <Timeline bulletSize={24} lineWidth={2} active={message.timeline.length} color="petrol">
        {message.timeline.map(({ status, at, heardAt, source }) => {
          const { icon: Icon, label, color } = STATUS[status];
          return (
            <Timeline.Item
              key={`${status}${heardAt}`}
              bullet={<Icon size={14} aria-hidden />}
              color={color}
              title={<Text fw={600} size="sm">{label}</Text>}
            >
              <Text size="xs" c="dimmed">
                Happened {clock.long(at)}
                <br />
                Heard {clock.long(heardAt)}, {SOURCES[source]}
              </Text>
            </Timeline.Item>
          );
        })}
      </Timeline>
    </section>
  );
}
