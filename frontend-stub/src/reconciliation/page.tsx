import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { DiscrepancyList } from './discrepancies';
import { MarginAlertList } from './margin-alerts';

const PARTS = { discrepancies: '/reconciliation', margins: '/reconciliation/margins' } as const;

/** For the operator: where the portal and the carriers differ, and margins that are wrong. */
export function ReconciliationPage({ part = 'discrepancies' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  return (
    <Page title="Reconciliation" lead="Each night our counts and amounts are laid beside the carriers’. What does not fit waits here.">
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          if (chosen !== null && chosen in PARTS) navigate(PARTS[chosen as keyof typeof PARTS]);
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="discrepancies">Discrepancies</Tabs.Tab>
          <Tabs.Tab value="margins">Wrong margins</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="discrepancies" pt="lg">
          <DiscrepancyList />
        </Tabs.Panel>
        <Tabs.Panel value="margins" pt="lg">
          <MarginAlertList />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
