import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { WebhookEndpointRotateDocument, type WebhookEndpointRotateMutation } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import type { Endpoint } from './queries';
import { Secret } from './secret';

type Rotated = NonNullable<WebhookEndpointRotateMutation['webhookEndpointRotate']>;

/** Gives an endpoint a new secret, in a dialog that ends with it; the old one signs on for a day. */
export function RotateSecret({ endpoint, onClose }: { endpoint: Endpoint | null; onClose: () => void }) {
  return (
    <Modal opened={endpoint !== null} onClose={onClose} size="lg" closeOnClickOutside={false} title={<Text fw={650}>New secret</Text>}>
      {endpoint !== null && <Rotation endpoint={endpoint} onClose={onClose} />}
    </Modal>
  );
}

function Rotation({ endpoint: { id, url }, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const [key] = useState(() => crypto.randomUUID());
  const [made, setMade] = useState<Rotated | null>(null);
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(WebhookEndpointRotateDocument, { id, idempotencyKey: key })).webhookEndpointRotate,
    { touches: ['webhooks'], onDone: setMade },
  );
  if (made?.secret != null) return <Secret secret={made.secret} onClose={onClose} />;
  return (
    <Stack>
      <Text size="sm" className="anywhere">
        For a day, what goes to {url} is signed with the old secret and the new one, so that nothing is lost while you put
        the new one in its place.
      </Text>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      {made !== null && <Refusal sentence="The new secret was made, but its answer got lost. Close this, and make another." />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button loading={isPending} disabled={made !== null} data-autofocus onClick={() => { mutate(); }}>
          Make a new secret
        </Button>
      </Group>
    </Stack>
  );
}
