import { Button, Checkbox, Group, Modal, NativeSelect, Radio, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import {
  ApiClientCreateDocument,
  type ApiClientCreateInput,
  type ApiClientCreateMutation,
  type ClientAuthentication,
} from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Refusal, Trouble } from '../parts/trouble';
import { Credentials } from './credentials';
import { LIFETIMES, type Lifetime, lifetimeEnd } from './lifetimes';
import { apiClientScopesQuery } from './queries';

const WAYS: Readonly<Record<ClientAuthentication, [label: string, description: string]>> = {
  CLIENT_SECRET_BASIC: ['Secret in the header', 'The usual way; nearly every OAuth library does it of itself.'],
  CLIENT_SECRET_POST: ['Secret in the body', 'For programs that cannot set the header.'],
  PRIVATE_KEY_JWT: ['Signed with its own key', 'No secret leaves your machine: you give us the public half only.'],
};

type Made = NonNullable<ApiClientCreateMutation['apiClientCreate']>;

/** Makes an API client, in a dialog that ends with its secret. */
export function CreateApiClient({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  const client = made?.apiClient ?? null;
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="lg"
      closeOnClickOutside={client === null}
      closeOnEscape={client === null}
      title={<Text fw={650}>{client === null ? 'New API client' : client.name}</Text>}
    >
      {client === null ? (
        <Fields onMade={setMade} onClose={close} />
      ) : (
        <Credentials {...client} secret={made?.secret ?? null} onClose={close} />
      )}
    </Modal>
  );
}

function Fields({ onMade, onClose }: { onMade: (made: Made) => void; onClose: () => void }) {
  const draft = useDraft();
  const { mutate, refusals, error, isPending } = useChange(
    async (input: ApiClientCreateInput) => (await request(ApiClientCreateDocument, { input })).apiClientCreate,
    { touches: ['api-clients'], onDone: onMade },
  );
  const problems = errorsByField(refusals, ['name', 'scopes', 'publicKeys', 'expiresAt'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const input = draft.input();
    if (input !== null) mutate(input);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <TextInput
          label="Name"
          description="What it is for, such as Shop system"
          required
          data-autofocus
          autoComplete="off"
          value={draft.name}
          error={problems.name}
          onChange={(event) => {
            draft.setName(event.currentTarget.value);
          }}
        />
        <Scopes chosen={draft.scopes} error={problems.scopes} onChange={draft.setScopes} />
        <Radio.Group
          label="How it proves itself"
          value={draft.authentication}
          onChange={(way) => {
            draft.setAuthentication(way);
          }}
        >
          <Stack gap="sm" mt="xs">
            {Object.entries(WAYS).map(([way, [label, description]]) => (
              <Radio key={way} value={way} label={label} description={description} />
            ))}
          </Stack>
        </Radio.Group>
        {draft.authentication === 'PRIVATE_KEY_JWT' && (
          <Textarea
            label="Public keys"
            description="A JSON Web Key Set with the public half of each key: EC P-256, RSA or Ed25519"
            placeholder='{"keys": [{"kty": "EC", …}]}'
            required
            autosize
            minRows={4}
            maxRows={12}
            spellCheck={false}
            value={draft.keys}
            error={problems.publicKeys ?? draft.keysProblem}
            onChange={(event) => {
              draft.setKeys(event.currentTarget.value);
            }}
          />
        )}
        <NativeSelect
          label="Expires"
          data={Object.entries(LIFETIMES).map(([value, [label]]) => ({ value, label }))}
          value={draft.lifetime}
          error={problems.expiresAt}
          onChange={(event) => {
            draft.setLifetime(event.currentTarget.value as Lifetime);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={!draft.complete}>
            Create client
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ScopesProps {
  chosen: string[];
  error: string | undefined;
  onChange: (scopes: string[]) => void;
}

function Scopes({ chosen, error, onChange }: ScopesProps) {
  const scopes = useQuery(apiClientScopesQuery);
  if (scopes.error !== null) return <Trouble error={scopes.error} onRetry={() => void scopes.refetch()} />;
  if (scopes.data === undefined) return <LoadingRows count={4} />;
  return (
    <Checkbox.Group
      label="What it may do"
      description="Give it no more than it needs; it never gets more than you have."
      required
      value={chosen}
      error={error}
      onChange={onChange}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="xs" mt="xs">
        {scopes.data.apiClientScopes?.map(({ name, description }) => (
          <Checkbox key={name} value={name} label={name} description={description} />
        ))}
      </SimpleGrid>
    </Checkbox.Group>
  );
}

function useDraft() {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [authentication, setAuthentication] = useState<ClientAuthentication>('CLIENT_SECRET_BASIC');
  const [keys, setKeys] = useState('');
  const [lifetime, setLifetime] = useState<Lifetime>('year');
  const withKeys = authentication === 'PRIVATE_KEY_JWT';
  const publicKeys = withKeys ? parsed(keys) : null;
  const complete = name.trim() !== '' && scopes.length > 0 && (!withKeys || publicKeys !== null);
  const keysProblem = withKeys && keys.trim() !== '' && publicKeys === null ? 'This is not JSON: paste the whole set, from { to }.' : undefined;
  const input = (): ApiClientCreateInput | null =>
    complete
      ? { name: name.trim(), scopes, authentication, publicKeys, expiresAt: lifetimeEnd(lifetime) }
      : null;
  return { name, setName, scopes, setScopes, authentication, setAuthentication, keys, setKeys, keysProblem, lifetime, setLifetime, complete, input };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
