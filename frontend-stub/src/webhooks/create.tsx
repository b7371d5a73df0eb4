import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { WebhookEndpointCreateDocument, type WebhookEndpointCreateInput, type WebhookEndpointCreateMutation } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import { type EndpointDraft, EndpointFields } from './fields';
import { Secret } from './secret';

type Made = NonNullable<WebhookEndpointCreateMutation['webhookEndpointCreate']>;

/** Makes an endpoint, in a dialog that ends with its secret. */
export function CreateEndpoint({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const secret = made?.secret ?? null;
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      closeOnClickOutside={secret === null}
      closeOnEscape={secret === null}
      title={<Text fw={650}>{secret === null ? 'New endpoint' : 'The endpoint is ready'}</Text>}
    >
      {secret === null ? <Form onMade={setMade} onClose={close} /> : <Secret secret={secret} onClose={close} />}
    </Modal>
  );
}

function Form({ onMade, onClose }: { onMade: (made: Made) => void; onClose: () => void }) {
  const [draft, setDraft] = useState<EndpointDraft>({ url: '', description: '', events: [] });
  const { mutate, refusals, error, isPending } = useChange(
    async (input: WebhookEndpointCreateInput) => (await request(WebhookEndpointCreateDocument, { input })).webhookEndpointCreate,
    { touches: ['webhooks'], onDone: onMade },
  );
  const problems = errorsByField(refusals, ['url', 'events', 'description'] as const);
  const description = draft.description.trim();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate({ url: draft.url.trim(), events: [...draft.events], description: description === '' ? null : description });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <EndpointFields draft={draft} problems={problems} onChange={setDraft} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={draft.url.trim() === '' || draft.events.length === 0}>
            Add endpoint
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
