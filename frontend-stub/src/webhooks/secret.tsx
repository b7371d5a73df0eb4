import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

import { Shown } from '../parts/shown';

/** What an endpoint proves events with: shown this once. */
export function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Stack>
      <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Copy the secret now">
        It is shown this once: nobody can read it later.
      </Alert>
      <Shown label="Signing secret" text={secret} what="secret" />
      <Text size="sm" c="dimmed">
        Give it to a library of the Standard Webhooks specification, which checks the headers webhook-id,
        webhook-timestamp and webhook-signature of each event.
      </Text>
      <Group justify="flex-end">
        <Button onClick={onClose}>I have saved it</Button>
      </Group>
    </Stack>
  );
}
