import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { Credits } from './credits';
import { InvoiceList } from './invoices';
import { SpendCapRoom } from './spend-cap';

const PARTS = { invoices: '/billing', credits: '/billing/credits', cap: '/billing/cap' } as const;

/** What is owed, what was bought, and how much may be spent. */
export function BillingPage({ part = 'invoices' }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  return (
    <Page title="Billing" lead="What you owe and why. Months begin and end at 00:00 UTC, and amounts are without taxes.">
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          if (chosen !== null && chosen in PARTS) navigate(PARTS[chosen as keyof typeof PARTS]);
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="invoices">Invoices</Tabs.Tab>
          <Tabs.Tab value="credits">Credits</Tabs.Tab>
          <Tabs.Tab value="cap">Spend cap</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="invoices" pt="lg">
          <InvoiceList />
        </Tabs.Panel>
        <Tabs.Panel value="credits" pt="lg">
          <Credits />
        </Tabs.Panel>
        <Tabs.Panel value="cap" pt="lg">
          <SpendCapRoom />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
