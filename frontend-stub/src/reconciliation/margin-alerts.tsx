import { Anchor, Badge, Button, Card, EmptyState, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCoins } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { MarginAlertAcknowledgeDocument } from '../generated/operations';
import { Choice } from '../parts/choice';
import { inPercent } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { monthInWords, useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { tenantAddress } from '../tenants/words';
import { type MarginAlert, marginAlertsQuery } from './queries';
import { MARGIN_REASONS } from './words';

const SHOWN = { open: 'Open', done: 'Acknowledged', all: 'All' };
const ACKNOWLEDGED: Readonly<Record<string, boolean | undefined>> = { open: false, done: true };

/** Tenants' months with a wrong margin. */
export function MarginAlertList() {
  const [params] = useSearchParams();
  return (
    <Stack gap="lg">
      <Choice name="show" label="Which" choices={SHOWN} />
      <Found acknowledged={ACKNOWLEDGED[params.get('show') ?? 'open'] ?? null} />
    </Stack>
  );
}

function Found({ acknowledged }: { acknowledged: boolean | null }) {
  const { data, error, refetch } = useQuery(marginAlertsQuery({ ...usePage(25), filter: { acknowledged } }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.marginAlerts ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconCoins aria-hidden />} title="No wrong margin" description="Every tenant brings in what its plan promises." />;
  }
  return (
    <Stack>
      {nodes.map((alert) => (
        <AlertCard key={alert.id} alert={alert} />
      ))}
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function AlertCard({ alert: { id, tenant, month, expectedRatio, actualRatio, reason, raisedAt, acknowledgedAt, acknowledgedBy } }: { alert: MarginAlert }) {
  const clock = useClock();
  const title = `${tenant?.name ?? 'A tenant'}, ${monthInWords(month)}`;
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(MarginAlertAcknowledgeDocument, { id })).marginAlertAcknowledge,
    { touches: ['marginAlerts'] },
  );
  return (
    <Card component="article" aria-label={title}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4}>
          <Text fw={600}>
            <Anchor component={Link} href={tenantAddress(tenant?.id ?? '')} fw={600}>
              {tenant?.name}
            </Anchor>{' '}
            · {monthInWords(month)}
          </Text>
          <Text size="sm">
            {MARGIN_REASONS[reason]}: {inPercent(actualRatio)} where {inPercent(expectedRatio)} is promised
          </Text>
          <Text size="sm" c="dimmed">
            Raised {clock.short(raisedAt)}
            {acknowledgedAt !== null && `. Acknowledged ${clock.short(acknowledgedAt)} by ${acknowledgedBy ?? 'somebody'}`}
          </Text>
          {error !== null && <Trouble error={error} />}
          <Refusal sentence={refusals[0]?.message} />
        </Stack>
        {acknowledgedAt === null ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCheck size={14} aria-hidden />}
            aria-label={`Acknowledge: ${title}`}
            loading={isPending}
            onClick={() => {
              mutate();
            }}
          >
            Acknowledge
          </Button>
        ) : (
          <Badge color="gray">Acknowledged</Badge>
        )}
      </Group>
    </Card>
  );
}
