import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

import type { ClientAuthentication } from '../generated/operations';
import { Shown } from '../parts/shown';

interface CredentialsProps {
  clientId: string;
  authentication: ClientAuthentication | null;
  /** None where the client has keys of its own. */
  secret: string | null;
  onClose: () => void;
}

/** What a new client, or a new secret, is used with: shown this once. */
export function Credentials({ clientId, authentication, secret, onClose }: CredentialsProps) {
  const line = commandOf(clientId, authentication, secret);
  return (
    <Stack>
      {secret !== null && (
        <>
          <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Copy the secret now">
            It is shown this once: nobody can read it later, and neither can we.
          </Alert>
          <Shown label="Client secret" text={secret} what="secret" />
        </>
      )}
      <Shown label="Client id" text={clientId} what="id" />
      <Shown label="Get a token" text={line} what="command" />
      {secret === null && (
        <Text size="sm" c="dimmed">
          Sign a new assertion for each request: issuer and subject are the client id, the audience is{' '}
          {window.location.origin} (RFC 7523).
        </Text>
      )}
      <Group justify="flex-end">
        <Button onClick={onClose}>{secret === null ? 'Done' : 'I have saved it'}</Button>
      </Group>
    </Stack>
  );
}

function commandOf(clientId: string, authentication: ClientAuthentication | null, secret: string | null): string {
  const start = `curl ${window.location.origin}/oauth/token -d grant_type=client_credentials`;
  if (secret === null) {
    const kind = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return `${start} -d client_assertion_type=${kind} -d client_assertion=SIGNED_ASSERTION`;
  }
  return authentication === 'CLIENT_SECRET_POST'
    ? `${start} -d client_id=${clientId} -d client_secret=${secret}`
    : `${start} -u ${clientId}:${secret}`;
}
