import { Tabs } from '@mantine/core';
import { useLocation } from 'wouter';

import { Page } from '../parts/page';
import { InvoiceList } from './invoices';

const PARTS = { invoices: '/billing' } as const;

/** What is owed and what was bought. */
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
        </Tabs.List>
        <Tabs.Panel value="invoices" pt="lg">
          <InvoiceList />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
