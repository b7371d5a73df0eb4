import { Button, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { useMay } from '../session/viewer';
import { CreateEndpoint } from './create';
import { Deliveries } from './deliveries';
import { Endpoints } from './endpoints';

/** Where events are sent to, and what became of each. */
export function WebhooksPage({ part = 'endpoints' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  const mayWrite = useMay('WEBHOOKS_WRITE');
  const [creating, { open, close }] = useDisclosure(false);
  return (
    <Page
      title="Webhooks"
      lead="Have your own systems told of what happens, signed by the Standard Webhooks specification."
      actions={
        mayWrite && (
          <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
            New endpoint
          </Button>
        )
      }
    >
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'deliveries' ? '/webhooks/deliveries' : '/webhooks');
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="endpoints">Endpoints</Tabs.Tab>
          <Tabs.Tab value="deliveries">Deliveries</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="endpoints" pt="lg">
          <Endpoints mayWrite={mayWrite} onCreate={open} />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries" pt="lg">
          <Deliveries mayWrite={mayWrite} />
        </Tabs.Panel>
      </Tabs>
      <CreateEndpoint opened={creating} onClose={close} />
    </Page>
  );
}
