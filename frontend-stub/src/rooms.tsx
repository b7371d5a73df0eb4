import { Center, EmptyState } from '@mantine/core';
import { IconLock, IconMapQuestion } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Redirect, Route, Switch } from 'wouter';

import { AlertsPage } from './alerts/page';
import { ApiClientsPage } from './api-clients/page';
import { InvoicePage } from './billing/invoice';
import { BillingPage } from './billing/page';
import { PlanEditorPage } from './catalogue/editor';
import { CataloguePage } from './catalogue/page';
import { ErasurePage } from './contacts/erasure';
import { ContactsPage } from './contacts/page';
import { EconomicsPage } from './economics/page';
import type { Permission } from './generated/operations';
import { ImportPage } from './imports/page';
import { InboxPage } from './inbox/page';
import { InvoicingPage } from './invoicing/page';
import { TenantInvoicePage } from './invoicing/tenant-invoice';
import { MessagesPage } from './messages/page';
import { NumbersPage } from './numbers/page';
import { PlanPage } from './plan/page';
import { RateCardPage } from './rates/page';
import { ReconciliationPage } from './reconciliation/page';
import { SecurityPage } from './security/page';
import { BatchPage } from './send/batch';
import { SendPage } from './send/page';
import { firstRoom, mayEnter, type Wing } from './session/navigation';
import { useViewer } from './session/viewer';
import { SettingsPage } from './settings/page';
import { TeamPage } from './team/page';
import { TemplatesPage } from './templates/page';
import { TenantPage } from './tenants/tenant';
import { TenantsPage } from './tenants/page';
import { UsagePage } from './usage/page';
import { WebhooksPage } from './webhooks/page';

/** Which view an address leads to. */
export function Rooms() {
  return (
    <Switch>
      <Route path="/">
        <Start />
      </Route>
      <Route path="/batches/:id">
        {({ id }) => (
          <Guarded needs="LOGS_READ">
            <BatchPage id={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/inbox/:id?">
        {({ id }) => (
          <Guarded needs="MESSAGES_READ">
            <InboxPage id={id === undefined ? undefined : decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/messages/:part?">
        {({ part }) => (
          <Guarded needs="LOGS_READ">
            <MessagesPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/contacts/imports/:id">
        {({ id }) => (
          <Guarded needs="CONTACTS_READ">
            <ImportPage id={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/contacts/erasures/:id">
        {({ id }) => (
          <Guarded needs="CONTACTS_READ">
            <ErasurePage id={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/contacts/:part?">
        {({ part }) => (
          <Guarded needs="CONTACTS_READ">
            <ContactsPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/templates">
        <Guarded needs="TEMPLATES_READ">
          <TemplatesPage />
        </Guarded>
      </Route>
      <Route path="/usage">
        <Guarded needs="USAGE_READ">
          <UsagePage />
        </Guarded>
      </Route>
      <Route path="/alerts/:part?">
        {({ part }) => (
          <Guarded needs="ALERTS_READ">
            <AlertsPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/plan">
        <Guarded needs="PLAN_READ">
          <PlanPage />
        </Guarded>
      </Route>
      <Route path="/billing/invoices/:id">
        {({ id }) => (
          <Guarded needs="BILLING_READ">
            <InvoicePage id={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/billing/:part?">
        {({ part }) => (
          <Guarded needs="BILLING_READ">
            <BillingPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/numbers">
        <Guarded needs="NUMBERS_READ">
          <NumbersPage />
        </Guarded>
      </Route>
      <Route path="/team">
        <Guarded needs="MEMBERS_READ">
          <TeamPage />
        </Guarded>
      </Route>
      <Route path="/api-clients">
        <Guarded needs="API_CLIENTS_READ">
          <ApiClientsPage />
        </Guarded>
      </Route>
      <Route path="/webhooks/:part?">
        {({ part }) => (
          <Guarded needs="WEBHOOKS_READ">
            <WebhooksPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/settings">
        <Guarded needs="SETTINGS_READ">
          <SettingsPage />
        </Guarded>
      </Route>
      <Route path="/security/:part?">
        {({ part }) => (
          <Guarded needs="AUDIT_READ">
            <SecurityPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/tenants">
        <Guarded needs="TENANTS_READ" wing="staff">
          <TenantsPage />
        </Guarded>
      </Route>
      <Route path="/tenants/:id">
        {({ id }) => (
          <Guarded needs="ECONOMICS_READ" wing="staff">
            <TenantPage id={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/tenants/:id/invoices/:invoice">
        {({ id, invoice }) => (
          <Guarded needs="ECONOMICS_READ" wing="staff">
            <TenantInvoicePage id={decodeURIComponent(id)} invoice={decodeURIComponent(invoice)} />
          </Guarded>
        )}
      </Route>
      <Route path="/catalogue">
        <Guarded needs="CATALOGUE_WRITE" wing="staff">
          <CataloguePage />
        </Guarded>
      </Route>
      <Route path="/catalogue/new">
        <Guarded needs="CATALOGUE_WRITE" wing="staff">
          <PlanEditorPage />
        </Guarded>
      </Route>
      <Route path="/catalogue/from/:id">
        {({ id }) => (
          <Guarded needs="CATALOGUE_WRITE" wing="staff">
            <PlanEditorPage from={decodeURIComponent(id)} />
          </Guarded>
        )}
      </Route>
      <Route path="/rate-card">
        <Guarded needs="CATALOGUE_WRITE" wing="staff">
          <RateCardPage />
        </Guarded>
      </Route>
      <Route path="/reconciliation/:part?">
        {({ part }) => (
          <Guarded needs="ECONOMICS_READ" wing="staff">
            <ReconciliationPage part={part} />
          </Guarded>
        )}
      </Route>
      <Route path="/invoicing">
        <Guarded needs="CATALOGUE_WRITE" wing="staff">
          <InvoicingPage />
        </Guarded>
      </Route>
      <Route path="/economics">
        <Guarded needs="ECONOMICS_READ" wing="staff">
          <EconomicsPage />
        </Guarded>
      </Route>
      <Route>
        <Center mih="50vh">
          <EmptyState icon={<IconMapQuestion aria-hidden />} title="Nothing is here" description="Choose a view on the left." />
        </Center>
      </Route>
    </Switch>
  );
}

/** The send form; a role that may not send starts at the first view that it has. */
function Start() {
  const first = firstRoom(useViewer());
  if (first === '/') return <SendPage />;
  return first === undefined ? <NotYours /> : <Redirect to={first} replace />;
}

interface GuardedProps {
  needs: Permission;
  wing?: Wing;
  children: ReactNode;
}

function Guarded({ needs, wing = 'work', children }: GuardedProps) {
  return mayEnter(useViewer(), { needs, wing }) ? children : <NotYours />;
}

function NotYours() {
  return (
    <Center mih="50vh">
      <EmptyState
        icon={<IconLock aria-hidden />}
        title="Not part of your role"
        description="An owner or administrator of your company can give you a role that includes this."
      />
    </Center>
  );
}
