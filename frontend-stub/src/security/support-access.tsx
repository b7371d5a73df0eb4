import { Alert, Button, Card, Group, NativeSelect, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { type SupportAccessQuery, SupportAccessGrantDocument, SupportAccessRevokeDocument } from '../generated/operations';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { supportAccessQuery } from './queries';
import { SupportSessions } from './support-sessions';

const HOURS = [
  { value: '1', label: 'An hour' },
  { value: '4', label: 'Four hours' },
  { value: '24', label: 'A day' },
  { value: '168', label: 'A week' },
];

/** What our support may see, and when it looked. */
export function SupportAccess() {
  const mayGrant = useMay('SUPPORT_GRANT');
  return (
    <Stack gap="xl">
      {mayGrant && <Content />}
      <SupportSessions />
    </Stack>
  );
}

function Content() {
  const { data, error, refetch } = useQuery(supportAccessQuery);
  return (
    <Card component="section" aria-labelledby="content">
      <Stack>
        <div>
          <Title order={2} size="h4" id="content">
            What support sees
          </Title>
          <Text size="sm" c="dimmed">
            Support sees that messages were sent and what became of them, with masked numbers, never contacts or
            templates. For some questions it has to see texts and full numbers: let it, for a time.
          </Text>
        </div>
        {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Skeleton height={44} />}
        {data !== undefined && (data.supportAccess === null ? <Closed /> : <Open access={data.supportAccess} />)}
      </Stack>
    </Card>
  );
}

function Closed() {
  const [hours, setHours] = useState('4');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(SupportAccessGrantDocument, { input: { hours: Number(hours) } })).supportAccessGrant,
    { touches: ['support-access', 'support-sessions'] },
  );
  return (
    <Stack>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Group align="flex-end">
        <NativeSelect
          label="For how long"
          data={HOURS}
          value={hours}
          onChange={(event) => {
            setHours(event.currentTarget.value);
          }}
        />
        <Button
          leftSection={<IconEye size={16} aria-hidden />}
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          Let support see content
        </Button>
      </Group>
    </Stack>
  );
}

function Open({ access: { grantedBy, expiresAt } }: { access: NonNullable<SupportAccessQuery['supportAccess']> }) {
  const clock = useClock();
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(SupportAccessRevokeDocument, {})).supportAccessRevoke,
    { touches: ['support-access', 'support-sessions'] },
  );
  return (
    <Stack>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Alert color="orange" icon={<IconEye aria-hidden />} title={`Support may see content until ${clock.short(expiresAt)}`}>
        <Group justify="space-between">
          <Text size="sm">{grantedBy.name} lets it see texts and full numbers while it has a session here.</Text>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconEyeOff size={14} aria-hidden />}
            loading={isPending}
            onClick={() => {
              mutate();
            }}
          >
            Take it back
          </Button>
        </Group>
      </Alert>
    </Stack>
  );
}
