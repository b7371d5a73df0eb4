import { Badge, Button, Card, Code, DataList, Group, Stack, Text, Title } from '@mantine/core';
import { IconBan, IconRotateClockwise2 } from '@tabler/icons-react';

import { type Clock, useClock } from '../parts/time';
import type { ApiClient } from './queries';
import { StateBadge, stateOf } from './state';

interface ApiClientCardProps {
  client: ApiClient;
  mayWrite: boolean;
  onRotate: (client: ApiClient) => void;
  onDisable: (client: ApiClient) => void;
}

/** One machine: what it may do, when it last came, and how it proves itself. */
export function ApiClientCard({ client, mayWrite, onRotate, onDisable }: ApiClientCardProps) {
  const clock = useClock();
  const { name, clientId, authentication } = client;
  return (
    <Card component="article" aria-label={name}>
      <Stack gap="md">
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h4">
              {name}
            </Title>
            <Code className="anywhere">{clientId}</Code>
          </div>
          <StateBadge client={client} />
        </Group>
        <Scopes client={client} />
        <DataList labelWidth="110px" gap="xs">
          {factsOf(client, clock).map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
        {mayWrite && stateOf(client) !== 'disabled' && (
          <Group gap="xs">
            {authentication !== 'PRIVATE_KEY_JWT' && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconRotateClockwise2 size={14} aria-hidden />}
                aria-label={`New secret for ${name}`}
                onClick={() => {
                  onRotate(client);
                }}
              >
                New secret
              </Button>
            )}
            <Button
              size="xs"
              variant="subtle"
              color="red"
              leftSection={<IconBan size={14} aria-hidden />}
              aria-label={`Disable ${name}`}
              onClick={() => {
                onDisable(client);
              }}
            >
              Disable
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}

function Scopes({ client: { scopes, effectiveScopes, createdBy, disabledAt } }: { client: ApiClient }) {
  const resting = scopes?.filter((scope) => effectiveScopes?.includes(scope) !== true) ?? [];
  return (
    <Stack gap={6}>
      <Group gap={6} role="list" aria-label="Scopes">
        {scopes?.map((scope) => (
          <Badge key={scope} role="listitem" color={resting.includes(scope) ? 'gray' : 'petrol'} td={resting.includes(scope) ? 'line-through' : undefined}>
            {scope}
          </Badge>
        ))}
      </Group>
      {resting.length > 0 && disabledAt === null && (
        <Text size="sm" c="dimmed">
          {createdBy === null
            ? 'It stopped: whoever made it has left, and a client never has more than its maker. Make another.'
            : `What is struck out rests: ${createdBy.name}, who made it, may not do that now, and a client never has more than its maker.`}
        </Text>
      )}
    </Stack>
  );
}

function factsOf(client: ApiClient, clock: Clock): [label: string, value: string][] {
  const { createdBy, createdAt, lastUsedAt, expiresAt, disabledAt, secrets } = client;
  const made = createdAt === null ? '' : `${clock.long(createdAt)}${createdBy === null ? '' : ` by ${createdBy.name}`}`;
  const facts: [string, string][] = [
    ['Made', made],
    ['Last used', lastUsedAt === null ? 'Not yet' : clock.long(lastUsedAt)],
    ['Expires', expiresAt === null ? 'Never' : clock.long(expiresAt)],
  ];
  if (disabledAt !== null) facts.push(['Disabled', clock.long(disabledAt)]);
  else if (secrets !== null && secrets.length > 0) facts.push(['Secrets', secrets.map((one) => secretInWords(one, clock)).join('; ')]);
  return facts;
}

function secretInWords({ hint, expiresAt }: NonNullable<ApiClient['secrets']>[number], clock: Clock): string {
  return expiresAt === null ? `…${hint}` : `…${hint} until ${clock.short(expiresAt)}`;
}
