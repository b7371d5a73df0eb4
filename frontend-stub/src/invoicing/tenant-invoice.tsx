import { Anchor, Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { InvoiceView, titleOf } from '../billing/invoice';
import { inMoney } from '../parts/money';
import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { tenantAddress } from '../tenants/words';
import { Actions } from './actions';
import { tenantInvoiceQuery } from './queries';

/** For the operator: one invoice of a tenant, what it cost, and what can be done with it. */
export function TenantInvoicePage({ id, invoice: asked }: { id: string; invoice: string }) {
  const { data, error, refetch } = useQuery(tenantInvoiceQuery(id, asked));
  const tenant = data?.tenant ?? null;
  const invoice = tenant?.invoice ?? null;
  return (
    <Page title={invoice === null ? 'Invoice' : titleOf(invoice)} lead={tenant === null ? 'What a tenant owes for one month.' : `What ${tenant.name} owes for one month, and why.`}>
      <Anchor component={Link} href={tenantAddress(id)} size="sm">
        <IconArrowLeft size={14} aria-hidden /> {tenant?.name ?? 'The tenant'}
      </Anchor>
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && invoice === null && <Text>There is no such invoice.</Text>}
      {invoice !== null && (
        <>
          <Actions invoice={invoice} />
          {invoice.cost !== null && <Text size="sm">Its usage cost you {inMoney(invoice.cost)}, which the tenant does not see.</Text>}
          <InvoiceView invoice={invoice} />
        </>
      )}
    </Page>
  );
}
