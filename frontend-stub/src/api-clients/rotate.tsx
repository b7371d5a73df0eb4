import { Button, Group, Modal, NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ApiClientRotateDocument, type ApiClientRotateMutation } from '../generated/operations';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { Credentials } from './credentials';
import type { ApiClient } from './queries';

const OVERLAPS = [
  { value: '24', label: 'For a day' },
  { value: '168', label: 'For a week' },
  { value: '0', label: 'Not at all: somebody else may have it' },
];

type Rotated = NonNullable<ApiClientRotateMutation['apiClientRotate']>;

/** Gives a client a new secret, in a dialog that ends with it; the old one works on for a while. */
export function RotateSecret({ client, onClose }: { client: ApiClient | null; onClose: () => void }) {
  return (
    <Modal
      opened={client !== null}
      onClose={onClose}
      size="lg"
      closeOnClickOutside={false}
      title={<Text fw={650}>{client !== null && `New secret for ${client.name}`}</Text>}
    >
      {client !== null && <Rotation client={client} onClose={onClose} />}
    </Modal>
  );
}

function Rotation({ client, onClose }: { client: ApiClient; onClose: () => void }) {
  const [key] = useState(() => crypto.randomUUID());
  const [overlap, setOverlap] = useState('24');
  const [made, setMade] = useState<Rotated | null>(null);
  const { mutate, refusals, error, isPending } = useChange(
    async (overlapHours: number) =>
      (await request(ApiClientRotateDocument, { id: client.id, idempotencyKey: key, overlapHours })).apiClientRotate,
    { touches: ['api-clients'], onDone: setMade },
  );
  if (made?.secret != null) {
    return (
      <Stack>
        <OldSecret rotated={made} />
        <Credentials clientId={client.clientId} authentication={client.authentication} secret={made.secret} onClose={onClose} />
      </Stack>
    );
  }
  return (
    <Stack>
      <Text size="sm">
        You get a second secret. The one in use works on for as long as you say, so that nothing stops while you put the
        new one in its place.
      </Text>
      <NativeSelect
        label="The old secret works on"
        data={OVERLAPS}
        value={overlap}
        disabled={made !== null}
        onChange={(event) => {
          setOverlap(event.currentTarget.value);
        }}
      />
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      {made !== null && <Refusal sentence="The new secret was made, but its answer got lost. Close this, and make another." />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          loading={isPending}
          disabled={made !== null}
          data-autofocus
          onClick={() => {
            mutate(Number(overlap));
          }}
        >
          Make a new secret
        </Button>
      </Group>
    </Stack>
  );
}

function OldSecret({ rotated: { apiClient } }: { rotated: Rotated }) {
  const clock = useClock();
  const old = apiClient?.secrets?.find(({ expiresAt }) => expiresAt !== null);
  if (old?.expiresAt == null) return null;
  return (
    <Text size="sm">
      The old secret, …{old.hint}, works until {clock.long(old.expiresAt)}.
    </Text>
  );
}
