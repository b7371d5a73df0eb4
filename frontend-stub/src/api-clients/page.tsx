import { Button, EmptyState, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { ApiClientCard } from './card';
import { CreateApiClient } from './create';
import { DisableApiClient } from './disable';
import { type ApiClient, apiClientsQuery } from './queries';
import { RotateSecret } from './rotate';

/** The company's machines. */
export function ApiClientsPage() {
  const mayWrite = useMay('API_CLIENTS_WRITE');
  const [creating, { open, close }] = useDisclosure(false);
  return (
    <Page
      title="API clients"
      lead="Your own programs that work with this portal, each with an id and no more rights than it needs."
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
            New API client
          </Button>
        )
      }
    >
      <ApiClientList mayWrite={mayWrite} onCreate={open} />
      <CreateApiClient opened={creating} onClose={close} />
    </Page>
  );
}

function ApiClientList({ mayWrite, onCreate }: { mayWrite: boolean; onCreate: () => void }) {
  const { data, error, refetch } = useQuery(apiClientsQuery);
  const [rotated, setRotated] = useState<ApiClient | null>(null);
  const [doomed, setDoomed] = useState<ApiClient | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const clients = data.apiClients ?? [];
  if (clients.length === 0) {
    return (
      <EmptyState icon={<IconKey aria-hidden />} title="No API clients yet" description="Let your shop or booking system send by itself.">
        <EmptyState.Actions>{mayWrite && <Button onClick={onCreate}>Make the first one</Button>}</EmptyState.Actions>
      </EmptyState>
    );
  }
  return (
    <Stack>
      {clients.map((client) => (
        <ApiClientCard key={client.id} client={client} mayWrite={mayWrite} onRotate={setRotated} onDisable={setDoomed} />
      ))}
      <RotateSecret
        client={rotated}
        onClose={() => {
          setRotated(null);
        }}
      />
      <DisableApiClient
        client={doomed}
        onClose={() => {
          setDoomed(null);
        }}
      />
    </Stack>
  );
}
