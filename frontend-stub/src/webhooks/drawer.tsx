import { Button, Code, DataList, Drawer, EmptyState, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconMoodSad, IconRefresh, IconRotate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { WebhookReplayDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useReads } from '../session/viewer';
import { type Delivery, deliveryQuery } from './queries';
import { DeliveryState, lastAnswer } from './state';
import { EVENTS } from './words';

interface DeliveryDrawerProps {
  id: string | null;
  mayWrite: boolean;
  onClose: () => void;
}

/** One delivery in full: what was sent, what was answered, and sending it again. */
export function DeliveryDrawer({ id, mayWrite, onClose }: DeliveryDrawerProps) {
  return (
    <Drawer opened={id !== null} onClose={onClose} position="right" size="md" title={<Text fw={650}>Delivery</Text>}>
      {id !== null && <Details id={id} mayWrite={mayWrite} />}
    </Drawer>
  );
}

function Details({ id, mayWrite }: { id: string; mayWrite: boolean }) {
  const { data, error, refetch, isFetching } = useQuery(deliveryQuery(id, useReads().content));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={4} />;
  if (data === null) return <EmptyState icon={<IconMoodSad aria-hidden />} title="There is no such delivery" description="Its time in the log may be over." />;
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <div role="status">
          <DeliveryState delivery={data} />
        </div>
        <Button variant="subtle" size="xs" leftSection={<IconRefresh size={14} aria-hidden />} loading={isFetching} onClick={() => void refetch()}>
          Read again
        </Button>
      </Group>
      <Facts delivery={data} />
      {data.request != null && <Body label="Request" text={data.request} />}
      {data.response != null && <Body label="Response" text={data.response === '' ? 'Empty' : data.response} />}
      {mayWrite && data.endpoint?.disabledAt === null && <Replay id={id} />}
    </Stack>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  const clock = useClock();
  const { webhookId, event, endpoint, attempts, createdAt, lastTriedAt, nextAttemptAt, deliveredAt, failedAt, problem } = delivery;
  const facts: [label: string, value: string | null][] = [
    ['Event', EVENTS[event].label],
    ['To', endpoint?.url ?? 'An endpoint that was deleted'],
    ['webhook-id', webhookId],
    ['Queued', clock.long(createdAt)],
    ['Tried', lastTriedAt === null ? 'Not yet' : `${counted(attempts, 'time')}, last ${clock.long(lastTriedAt)}`],
    ['Answer', lastAnswer(delivery)],
    ['Problem', delivery.lastStatus === null ? null : problem],
    ['Next', nextAttemptAt === null ? null : clock.long(nextAttemptAt)],
    ['Delivered', deliveredAt === null ? null : clock.long(deliveredAt)],
    ['Given up', failedAt === null ? null : clock.long(failedAt)],
  ];
  return (
    <DataList labelWidth="90px" gap="xs">
      {facts.map(
        ([label, value]) =>
          value !== null && (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue className="anywhere">{value}</DataList.ItemValue>
            </DataList.Item>
          ),
      )}
    </DataList>
  );
}

function Body({ label, text }: { label: string; text: string }) {
  return (
    <div role="group" aria-label={label}>
      <Text size="sm" fw={550} mb={4}>
        {label}
      </Text>
      <Code block className="prewrap">
        {text}
      </Code>
    </div>
  );
}

function Replay({ id }: { id: string }) {
  const [key, setKey] = useState(() => crypto.randomUUID());
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(WebhookReplayDocument, { input: { deliveryId: id, failedOnly: false, idempotencyKey: key } })).webhookReplay,
    {
      touches: ['deliveries', 'delivery'],
      onDone: () => {
        setKey(crypto.randomUUID());
        notifications.show({ color: 'green', title: 'It is sent again', message: 'With the same webhook-id, so that your system knows it.' });
      },
    },
  );
  return (
    <Stack align="flex-start" gap="xs">
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Button variant="default" leftSection={<IconRotate size={16} aria-hidden />} loading={isPending} onClick={() => { mutate(); }}>
        Send it again
      </Button>
    </Stack>
  );
}
