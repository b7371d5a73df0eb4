import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { WebhookEndpointUpdateDocument } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import { type EndpointDraft, EndpointFields } from './fields';
import type { Endpoint } from './queries';

/** Changes an endpoint, in a dialog. */
export function EditEndpoint({ endpoint, onClose }: { endpoint: Endpoint | null; onClose: () => void }) {
  return (
    <Modal opened={endpoint !== null} onClose={onClose} size="lg" title={<Text fw={650}>Edit endpoint</Text>}>
      {endpoint !== null && <Form endpoint={endpoint} onClose={onClose} />}
    </Modal>
  );
}

function Form({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { id, url, description, events } = endpoint;
  const [draft, setDraft] = useState<EndpointDraft>({ url, description: description ?? '', events });
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const input = { url: draft.url.trim(), events: [...draft.events], description: draft.description.trim() };
      return (await request(WebhookEndpointUpdateDocument, { id, input })).webhookEndpointUpdate;
    },
    { touches: ['webhooks'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['url', 'events', 'description'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <EndpointFields draft={draft} problems={problems} onChange={setDraft} />
        <Text size="sm" c="dimmed">
          From now on it stands for you: it gets what your role may see.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={draft.url.trim() === '' || draft.events.length === 0}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
