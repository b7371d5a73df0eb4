import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { AlertList } from './list';
import { Pauses } from './pauses';
import { Rules } from './rules';

/** What went wrong, what to do about it, and who is told. */
export function AlertsPage({ part = 'list' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  return (
    <Page title="Alerts" lead="What went wrong, what to do about it, and who is told.">
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'list' ? '/alerts' : `/alerts/${chosen}`);
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="list">Alerts</Tabs.Tab>
          <Tabs.Tab value="pauses">Stopped traffic</Tabs.Tab>
          <Tabs.Tab value="rules">Who is told</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="list" pt="lg">
          <AlertList />
        </Tabs.Panel>
        <Tabs.Panel value="pauses" pt="lg">
          <Pauses />
        </Tabs.Panel>
        <Tabs.Panel value="rules" pt="lg">
          <Rules />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
