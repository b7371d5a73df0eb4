import { Anchor, Stack, Text, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { InvoiceTable } from '../billing/invoices';
import { Months, useMonths } from '../parts/months';
import { LoadingRows, Page } from '../parts/page';
import { dateInWords } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { EconomicsFigures } from './economics';
import { PolicyExceptions } from './policy';
import { PlanCard } from './plan';
import { type TenantDetail, tenantQuery } from './queries';
import { UsageCard } from './usage';
import { invoiceAddress, STATES } from './words';

/** For the operator: one tenant, its plan, what it brings in and costs, and its invoices. */
export function TenantPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(tenantQuery({ id, range: useMonths() }));
  const tenant = data?.tenant ?? null;
  return (
    <Page title={tenant?.name ?? 'Tenant'} lead={tenant === null ? 'A company, its plan and what it brings in.' : leadOf(tenant)}>
      <Anchor component={Link} href="/tenants" size="sm">
        <IconArrowLeft size={14} aria-hidden /> All tenants
      </Anchor>
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && tenant === null && <Text>There is no such tenant.</Text>}
      {tenant !== null && <Detail tenant={tenant} />}
    </Page>
  );
}

function leadOf({ slug, state, environment, createdAt }: TenantDetail): string {
  const parts = [slug, STATES[state][0], `since ${dateInWords(createdAt)}`];
  return [...parts, ...(environment === 'DEVELOPMENT' ? ['for trying things out'] : [])].join(' · ');
}

function Detail({ tenant }: { tenant: TenantDetail }) {
  const { id, economics, usage, invoices } = tenant;
  return (
    <Stack gap="xl">
      <PlanCard tenant={tenant} />
      <PolicyExceptions tenant={tenant} />
      <Stack component="section" aria-labelledby="economics">
        <Title order={2} size="h3" id="economics">
          What it brings in
        </Title>
        <Months />
        {economics !== null && <EconomicsFigures tenant={tenant} economics={economics} />}
        {usage !== null && <UsageCard categories={usage.categories} />}
      </Stack>
      <Stack component="section" aria-labelledby="invoices">
        <Title order={2} size="h3" id="invoices">
          Invoices
        </Title>
        {invoices === null || invoices.nodes.length === 0 ? (
          <Text c="dimmed">None yet.</Text>
        ) : (
          <InvoiceTable invoices={invoices.nodes} addressOf={(invoice) => invoiceAddress(id, invoice.id)} />
        )}
      </Stack>
    </Stack>
  );
}
