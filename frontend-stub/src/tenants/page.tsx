import { Anchor, Badge, Button, Card, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconBuildings, IconLifebuoy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';

import type { TenantFilter, TenantState } from '../generated/operations';
import { Choice } from '../parts/choice';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Search } from '../parts/search';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { AllowanceBar, leftInWords } from '../session/allowance';
import { useMay, useViewer } from '../session/viewer';
import { OpenSession } from './open-session';
import { type TenantRow, tenantsQuery } from './queries';
import { STATES, tenantAddress } from './words';

const STATE_CHOICES = {
  all: 'All',
  ...Object.fromEntries(Object.entries(STATES).map(([state, [label]]) => [state, label])),
};

/** For the portal's own staff: all tenants. */
export function TenantsPage() {
  const mayOpen = useMay('SUPPORT_SESSION');
  return (
    <Page
      title="Tenants"
      lead={mayOpen ? 'To look into one, open a support session: the company sees that you did, and why.' : 'Every company, its plan and what it used.'}
    >
      <Search label="Search tenants" placeholder="Search by name" />
      <Choice name="state" label="State" choices={STATE_CHOICES} />
      <TenantList mayOpen={mayOpen} />
    </Page>
  );
}

function TenantList({ mayOpen }: { mayOpen: boolean }) {
  const [params] = useSearchParams();
  const page = usePage(25);
  const figures = useMay('PLAN_READ');
  const [chosen, setChosen] = useState<TenantRow | null>(null);
  const { data, error, refetch } = useQuery(tenantsQuery({ ...page, filter: filterOf(params), figures }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.tenants ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconBuildings aria-hidden />} title="No tenant matches" description="Try a part of the name, or another state." />;
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Tenants" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th visibleFrom="xs">State</Table.Th>
              {figures && <Table.Th>Plan</Table.Th>}
              {figures && <Table.Th visibleFrom="sm">This month</Table.Th>}
              {mayOpen && <Table.Th ta="right">Actions</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((tenant) => (
              <Row key={tenant.id} tenant={tenant} figures={figures} mayOpen={mayOpen} onOpen={setChosen} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} back="Previous" forward="Next" />}
      <OpenSession
        tenant={chosen}
        onClose={() => {
          setChosen(null);
        }}
      />
    </Stack>
  );
}

function filterOf(params: URLSearchParams): TenantFilter {
  const state = params.get('state');
  return {
    search: params.get('search'),
    state: state !== null && state in STATES ? [state as TenantState] : null,
  };
}

interface RowProps {
  tenant: TenantRow;
  figures: boolean;
  mayOpen: boolean;
  onOpen: (tenant: TenantRow) => void;
}

function Row({ tenant, figures, mayOpen, onOpen }: RowProps) {
  const { supportSession } = useViewer();
  const { name, slug, state, environment, plan, usage } = tenant;
  const [label, color] = STATES[state];
  const here = supportSession?.tenant?.id === tenant.id;
  const sent = usage == null ? undefined : (usage.categories.find(({ category }) => category === 'sms-outbound')?.count ?? 0);
  return (
    <Table.Tr>
      <Table.Td>
        {figures ? (
          <Anchor component={Link} href={tenantAddress(tenant.id)} size="sm" fw={550}>
            {name}
          </Anchor>
        ) : (
          <Text size="sm" fw={550}>
            {name}
          </Text>
        )}
        <Text size="xs" c="dimmed" className="anywhere">
          {slug}
          {environment === 'DEVELOPMENT' && ' · Development'}
        </Text>
        <Text size="xs" hiddenFrom="xs">
          {label}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Badge color={color}>{label}</Badge>
      </Table.Td>
      {figures && (
        <Table.Td>
          <Plan plan={plan ?? null} />
        </Table.Td>
      )}
      {figures && (
        <Table.Td visibleFrom="sm">
          <Text size="sm" className="numbers">
            {sent === undefined ? 'Unknown' : counted(sent, 'message')}
          </Text>
        </Table.Td>
      )}
      {mayOpen && (
        <Table.Td ta="right">
          {here ? (
            <Badge color="orange">You are here</Badge>
          ) : (
            state !== 'CLOSED' && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconLifebuoy size={14} aria-hidden />}
                aria-label={`Open session in ${name}`}
                onClick={() => {
                  onOpen(tenant);
                }}
              >
                Open session
              </Button>
            )
          )}
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function Plan({ plan }: { plan: NonNullable<TenantRow['plan']> | null }) {
  if (plan === null) {
    return (
      <Text size="sm" c="dimmed">
        None
      </Text>
    );
  }
  return (
    <Stack gap={4}>
      <Text size="sm">{plan.plan.name}</Text>
      {plan.allowance !== null && (
        <>
          <AllowanceBar allowance={plan.allowance} size="sm" />
          <Text size="xs" c="dimmed">
            {leftInWords(plan.allowance)}
          </Text>
        </>
      )}
    </Stack>
  );
}
