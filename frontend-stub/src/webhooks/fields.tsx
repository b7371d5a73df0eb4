import { Checkbox, SimpleGrid, Stack, TextInput } from '@mantine/core';

import type { WebhookEvent } from '../generated/operations';
import { useViewer } from '../session/viewer';
import { EVENTS } from './words';

export interface EndpointDraft {
  url: string;
  description: string;
  events: readonly WebhookEvent[];
}

interface EndpointFieldsProps {
  draft: EndpointDraft;
  problems: Partial<Record<'url' | 'description' | 'events', string>>;
  onChange: (draft: EndpointDraft) => void;
}

/** Where events go, which, and what for. */
export function EndpointFields({ draft, problems, onChange }: EndpointFieldsProps) {
  return (
    <Stack>
      <TextInput
        label="Address"
        description="Public, and with https://"
        placeholder="https://example.com/webhooks"
        type="url"
        required
        data-autofocus
        autoComplete="off"
        value={draft.url}
        error={problems.url}
        onChange={(event) => {
          onChange({ ...draft, url: event.currentTarget.value });
        }}
      />
      <TextInput
        label="What it is for"
        autoComplete="off"
        maxLength={200}
        value={draft.description}
        error={problems.description}
        onChange={(event) => {
          onChange({ ...draft, description: event.currentTarget.value });
        }}
      />
      <Events {...{ draft, problems, onChange }} />
    </Stack>
  );
}

function Events({ draft, problems, onChange }: EndpointFieldsProps) {
  const { permissions } = useViewer();
  const offered = (Object.keys(EVENTS) as WebhookEvent[]).filter((event) => EVENTS[event].needs !== null);
  return (
    <Checkbox.Group
      label="What it is told of"
      required
      value={[...draft.events]}
      error={problems.events}
      onChange={(events) => {
        onChange({ ...draft, events });
      }}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="xs" mt="xs">
        {offered.map((event) => {
          const { label, meaning, needs } = EVENTS[event];
          return (
            <Checkbox key={event} value={event} label={label} description={meaning} disabled={needs !== null && !permissions.includes(needs)} />
          );
        })}
      </SimpleGrid>
    </Checkbox.Group>
  );
}
