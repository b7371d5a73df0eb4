import { Button, Checkbox, Group, Modal, NativeSelect, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { WebhookReplayDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { type Endpoint, endpointsQuery } from './queries';

const HOUR = 60 * 60 * 1_000;
const SPANS = [
  { value: '1', label: 'The last hour' },
  { value: '24', label: 'The last day' },
  { value: '168', label: 'The last week' },
];

/** Sends what an endpoint missed once more, in a dialog. */
export function ReplayRange({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>Send a range again</Text>}>
      <Choices onClose={onClose} />
    </Modal>
  );
}

function Choices({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useQuery(endpointsQuery);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={2} />;
  const working = (data.webhookEndpoints ?? []).filter(({ disabledAt }) => disabledAt === null);
  const [first] = working;
  if (first === undefined) return <Text size="sm">No endpoint is enabled: add or enable one first.</Text>;
  return <Form endpoints={working} first={first.id} onClose={onClose} />;
}

function Form({ endpoints, first, onClose }: { endpoints: readonly Endpoint[]; first: string; onClose: () => void }) {
  const [endpointId, setEndpoint] = useState(first);
  const [hours, setHours] = useState('24');
  const [failedOnly, setFailedOnly] = useState(true);
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const now = Date.now();
      const range = { from: new Date(now - Number(hours) * HOUR).toISOString(), until: new Date(now).toISOString() };
      return (await request(WebhookReplayDocument, { input: { endpointId, range, failedOnly } })).webhookReplay;
    },
    {
      touches: ['deliveries'],
      onDone: ({ replayed }) => {
        notifications.show({ color: 'green', title: 'On its way', message: `${counted(replayed ?? 0, 'event')} sent again.` });
        onClose();
      },
    },
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={refusals[0]?.message} />
        <NativeSelect
          label="To"
          data={endpoints.map(({ id, url }) => ({ value: id, label: url }))}
          value={endpointId}
          onChange={(event) => {
            setEndpoint(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="What was queued in"
          data={SPANS}
          value={hours}
          onChange={(event) => {
            setHours(event.currentTarget.value);
          }}
        />
        <Checkbox
          label="Only what it never took"
          checked={failedOnly}
          onChange={(event) => {
            setFailedOnly(event.currentTarget.checked);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending}>
            Send again
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
