import { Anchor, Badge, Button, Card, EmptyState, Group, Modal, Stack, Text } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';

import type { DiscrepancyFilter, DiscrepancyReason } from '../generated/operations';
import { Choice, ChoiceBox } from '../parts/choice';
import { inDifference, inMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { dateInWords, useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { tenantAddress } from '../tenants/words';
import { CloseDiscrepancy } from './close';
import { discrepanciesQuery, type Discrepancy } from './queries';
import { REASONS } from './words';

const SHOWN = { open: 'Open', closed: 'Closed', all: 'All' };
const CLOSED: Readonly<Record<string, boolean | undefined>> = { open: false, closed: true };

/** Where the carriers' records and the portal's differ. */
export function DiscrepancyList() {
  const [params] = useSearchParams();
  return (
    <Stack gap="lg">
      <Group align="flex-end">
        <Choice name="show" label="Which" choices={SHOWN} />
        <ChoiceBox name="reason" label="Reason" choices={{ any: 'Any reason', ...REASONS }} />
      </Group>
      <Found filter={filterOf(params)} />
    </Stack>
  );
}

function filterOf(params: URLSearchParams): DiscrepancyFilter {
  const reason = params.get('reason');
  return {
    closed: CLOSED[params.get('show') ?? 'open'] ?? null,
    reasons: reason !== null && reason in REASONS ? [reason as DiscrepancyReason] : null,
  };
}

function Found({ filter }: { filter: DiscrepancyFilter }) {
  const [closing, setClosing] = useState<Discrepancy | null>(null);
  const { data, error, refetch } = useQuery(discrepanciesQuery({ ...usePage(25), filter }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.discrepancies ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconScale aria-hidden />} title="Everything fits" description="Nothing differs by more than is tolerated." />;
  }
  const close = () => {
    setClosing(null);
  };
  return (
    <Stack>
      {nodes.map((each) => (
        <DiscrepancyCard key={each.id} discrepancy={each} onClosing={setClosing} />
      ))}
      {pageInfo !== undefined && <Pager info={pageInfo} />}
      <Modal opened={closing !== null} onClose={close} title={<Text fw={650}>Close this discrepancy</Text>}>
        {closing !== null && <CloseDiscrepancy discrepancy={closing} onClose={close} />}
      </Modal>
    </Stack>
  );
}

function DiscrepancyCard({ discrepancy, onClosing }: { discrepancy: Discrepancy; onClosing: (discrepancy: Discrepancy) => void }) {
  const clock = useClock();
  const { day, category, tenant, ours, theirs, ourCost, theirCost, difference, reason, closedAt, closedBy, note } = discrepancy;
  const title = `${tenant?.name ?? 'A tenant'}, ${category}, ${dateInWords(day)}`;
  return (
    <Card component="article" aria-label={title}>
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} miw={0}>
          <Text fw={600}>
            <Anchor component={Link} href={tenantAddress(tenant?.id ?? '')} fw={600}>
              {tenant?.name}
            </Anchor>{' '}
            · {category} · {dateInWords(day)}
          </Text>
          <Text size="sm">
            We counted {inNumbers(ours)}
            {ourCost !== null && ` for ${inMoney(ourCost)}`}, the carriers {inNumbers(theirs)} for {inMoney(theirCost)}
            {difference !== null && `: ${inDifference(difference)}`}
          </Text>
          <Text size="sm" c="dimmed" className="anywhere">
            {REASONS[reason]}
            {closedAt !== null && `. Closed ${clock.short(closedAt)} by ${closedBy ?? 'somebody'}: ${note ?? ''}`}
          </Text>
        </Stack>
        {closedAt === null ? (
          <Button
            size="xs"
            variant="default"
            aria-label={`Close: ${title}`}
            onClick={() => {
              onClosing(discrepancy);
            }}
          >
            Close
          </Button>
        ) : (
          <Badge color="gray">Closed</Badge>
        )}
      </Group>
    </Card>
  );
}
