import { Button, EmptyState, Stack } from '@mantine/core';
import { IconWebhook } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { request } from '../api/client';
import { WebhookEndpointDeleteDocument } from '../generated/operations';
import { LoadingRows } from '../parts/page';
import { Question } from '../parts/question';
import { Trouble } from '../parts/trouble';
import { EndpointCard } from './card';
import { EditEndpoint } from './edit';
import { type Endpoint, endpointsQuery } from './queries';
import { RotateSecret } from './rotate';

interface Asked {
  what: 'edit' | 'rotate' | 'delete';
  endpoint: Endpoint;
}

/** The addresses that events go to. */
export function Endpoints({ mayWrite, onCreate }: { mayWrite: boolean; onCreate: () => void }) {
  const { data, error, refetch } = useQuery(endpointsQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const endpoints = data.webhookEndpoints ?? [];
  if (endpoints.length === 0) {
    return (
      <EmptyState
        icon={<IconWebhook aria-hidden />}
        title="No endpoints yet"
        description="Name an address of yours, and we call it as soon as something happens, so that you never need to ask."
      >
        <EmptyState.Actions>{mayWrite && <Button onClick={onCreate}>Add the first one</Button>}</EmptyState.Actions>
      </EmptyState>
    );
  }
  const about = (what: Asked['what']) => (asked?.what === what ? asked.endpoint : null);
  const close = () => {
    setAsked(null);
  };
  return (
    <Stack>
      {endpoints.map((endpoint) => (
        <EndpointCard
          key={endpoint.id}
          endpoint={endpoint}
          mayWrite={mayWrite}
          onAsk={(what) => {
            setAsked({ what, endpoint });
          }}
        />
      ))}
      <EditEndpoint endpoint={about('edit')} onClose={close} />
      <RotateSecret endpoint={about('rotate')} onClose={close} />
      <Question
        about={about('delete')}
        title="Delete this endpoint?"
        stay="Keep it"
        act="Delete"
        ask={async ({ id }) => (await request(WebhookEndpointDeleteDocument, { id })).webhookEndpointDelete}
        touches={['webhooks', 'deliveries']}
        onClose={close}
      >
        {({ url }) => (
          <span className="anywhere">
            <b>{url}</b> gets nothing any more, and its secrets are gone. What is not delivered yet is given up; the log
            stays.
          </span>
        )}
      </Question>
    </Stack>
  );
}
