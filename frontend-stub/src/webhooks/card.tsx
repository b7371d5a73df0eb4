import { Alert, Badge, Button, Card, DataList, Group, Stack, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle, IconPencil, IconPlayerPause, IconPlayerPlay, IconRotateClockwise2, IconSend, IconTrash } from '@tabler/icons-react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { WebhookEndpointTestDocument, WebhookEndpointUpdateDocument } from '../generated/operations';
import { type Clock, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import type { Endpoint } from './queries';
import { EndpointState } from './state';
import { DISABLED, EVENTS } from './words';

interface EndpointCardProps {
  endpoint: Endpoint;
  mayWrite: boolean;
  onAsk: (what: 'edit' | 'rotate' | 'delete') => void;
}

/** One endpoint: what it gets, how it does, and what can be done with it. */
export function EndpointCard({ endpoint, mayWrite, onAsk }: EndpointCardProps) {
  const clock = useClock();
  const { url, description, disabledReason, failingSince, disabledAt } = endpoint;
  return (
    <Card component="article" aria-label={url}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div className="shrinks">
            <Title order={2} size="h4" className="anywhere">
              {url}
            </Title>
            {description !== null && (
              <Text size="sm" c="dimmed">
                {description}
              </Text>
            )}
          </div>
          <EndpointState endpoint={endpoint} />
        </Group>
        {disabledReason !== null && (
          <Alert color="gray" icon={<IconAlertTriangle aria-hidden />}>
            {DISABLED[disabledReason]}
          </Alert>
        )}
        {failingSince !== null && disabledAt === null && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={`It has taken nothing since ${clock.short(failingSince)}`}>
            We try again, less and less often. After a day without success it is disabled, and its set-up is told.
          </Alert>
        )}
        <Events endpoint={endpoint} />
        <DataList labelWidth="110px" gap="xs">
          {factsOf(endpoint, clock).map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
        {mayWrite && <Actions endpoint={endpoint} onAsk={onAsk} />}
      </Stack>
    </Card>
  );
}

function Events({ endpoint: { events, effectiveEvents, disabledAt, setByName } }: { endpoint: Endpoint }) {
  const resting = events.filter((event) => !effectiveEvents.includes(event));
  return (
    <Stack gap={6}>
      <Group gap={6} role="list" aria-label="Events">
        {events.map((event) => (
          <Badge key={event} role="listitem" color={resting.includes(event) ? 'gray' : 'petrol'} td={resting.includes(event) ? 'line-through' : undefined}>
            {EVENTS[event].label}
          </Badge>
        ))}
      </Group>
      {resting.length > 0 && disabledAt === null && (
        <Text size="sm" c="dimmed">
          What is struck out rests: {setByName}, who set it up, may not see that now. Save it yourself to have it stand
          for you.
        </Text>
      )}
    </Stack>
  );
}

function factsOf({ setByName, createdAt, disabledAt, secrets }: Endpoint, clock: Clock): [label: string, value: string][] {
  const ending = secrets.filter(({ expiresAt }) => expiresAt !== null);
  const facts: [string, string][] = [['Set up', `${clock.long(createdAt)} by ${setByName}`]];
  if (disabledAt !== null) facts.push(['Disabled', clock.long(disabledAt)]);
  const old = ending.map(({ expiresAt }) => expiresAt ?? '').map(clock.short);
  facts.push(['Secrets', old.length === 0 ? 'One' : `A new one, and the old one until ${old.join(', ')}`]);
  return facts;
}

function Actions({ endpoint: { id, url, disabledAt }, onAsk }: Omit<EndpointCardProps, 'mayWrite'>) {
  const testing = useChange(async () => (await request(WebhookEndpointTestDocument, { id })).webhookEndpointTest, {
    touches: ['deliveries'],
    onDone: () => {
      notifications.show({ color: 'green', title: 'A test is on its way', message: 'What became of it is among the deliveries.' });
    },
  });
  const switching = useChange(
    async (enabled: boolean) => (await request(WebhookEndpointUpdateDocument, { id, input: { enabled } })).webhookEndpointUpdate,
    { touches: ['webhooks', 'alerts', 'openAlerts'] },
  );
  const error = testing.error ?? switching.error;
  const off = disabledAt !== null;
  const PauseIcon = off ? IconPlayerPlay : IconPlayerPause;
  return (
    <>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={testing.refusals[0]?.message ?? switching.refusals[0]?.message} />
      <Group gap="xs">
        {!off && (
          <Button size="xs" variant="default" leftSection={<IconSend size={14} aria-hidden />} aria-label={`Send a test to ${url}`} loading={testing.isPending} onClick={() => { testing.mutate(); }}>
            Send a test
          </Button>
        )}
        <Button size="xs" variant="default" leftSection={<IconPencil size={14} aria-hidden />} aria-label={`Edit ${url}`} onClick={() => { onAsk('edit'); }}>
          Edit
        </Button>
        <Button size="xs" variant="default" leftSection={<IconRotateClockwise2 size={14} aria-hidden />} aria-label={`New secret for ${url}`} onClick={() => { onAsk('rotate'); }}>
          New secret
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<PauseIcon size={14} aria-hidden />}
          aria-label={`${off ? 'Enable' : 'Disable'} ${url}`}
          loading={switching.isPending}
          onClick={() => {
            switching.mutate(off);
          }}
        >
          {off ? 'Enable' : 'Disable'}
        </Button>
        <Button size="xs" variant="subtle" color="red" leftSection={<IconTrash size={14} aria-hidden />} aria-label={`Delete ${url}`} onClick={() => { onAsk('delete'); }}>
          Delete
        </Button>
      </Group>
    </>
  );
}
