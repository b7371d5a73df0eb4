import { Button, Card, EmptyState, Group, Stack, Table, Text } from '@mantine/core';
import { IconDownload, IconFilterOff, IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import type { ActorKind, AuditFilter } from '../generated/operations';
import { ChoiceBox } from '../parts/choice';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { lastDays, useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { type AuditEntry, auditLogQuery } from './queries';
import { ACTORS, fieldsOf, whatWasDone } from './words';

const SPANS: Readonly<Record<string, [label: string, days: number]>> = {
  day: ['Last day', 1],
  week: ['Last 7 days', 7],
  month: ['Last 30 days', 30],
};
const WHO = { all: 'Everybody', ...ACTORS };
const WHEN = { ever: 'Any time', ...Object.fromEntries(Object.entries(SPANS).map(([span, [label]]) => [span, label])) };

/** The audit log: what was done, by whom and from where. */
export function Activity() {
  const [params] = useSearchParams();
  return (
    <Stack>
      <Group align="flex-end" gap="sm">
        <ChoiceBox name="by" label="Who" choices={WHO} />
        <ChoiceBox name="in" label="When" choices={WHEN} />
        <Button component="a" href="/audit-log.jsonl" download variant="default" ml="auto" leftSection={<IconDownload size={16} aria-hidden />}>
          Download
        </Button>
      </Group>
      <Entries filter={filterOf(params.get('by'), params.get('in'))} />
    </Stack>
  );
}

function filterOf(by: string | null, span: string | null): AuditFilter | null {
  const actorKind = by !== null && by in ACTORS ? (by as ActorKind) : null;
  const [, days] = SPANS[span ?? ''] ?? [];
  const writtenIn = days === undefined ? null : lastDays(days);
  if (actorKind === null && writtenIn === null) return null;
  return { actorKind, writtenIn };
}

function Entries({ filter }: { filter: AuditFilter | null }) {
  const [, setParams] = useSearchParams();
  const page = usePage(25);
  const { data, error, refetch } = useQuery(auditLogQuery({ ...page, filter }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.auditLog ?? {};
  if (nodes.length === 0 && filter === null) {
    return <EmptyState icon={<IconHistory aria-hidden />} title="Nothing was done yet" description="Each change appears here, with who made it." />;
  }
  if (nodes.length === 0) {
    return (
      <EmptyState icon={<IconFilterOff aria-hidden />} title="Nothing matches" description="Try somebody else, or a longer time.">
        <EmptyState.Actions>
          <Button
            variant="default"
            onClick={() => {
              setParams(new URLSearchParams());
            }}
          >
            Show everything
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Activity" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th visibleFrom="sm">When</Table.Th>
              <Table.Th miw={130}>Who</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th visibleFrom="md">From</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((entry) => (
              <Row key={entry.id} entry={entry} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const clock = useClock();
  const { at, actor, address } = entry;
  const fields = fieldsOf(entry);
  const through = actor.through === null ? '' : `, through ${actor.through}`;
  return (
    <Table.Tr>
      <Table.Td visibleFrom="sm">
        <Text size="sm" className="numbers" title={clock.long(at)}>
          {clock.short(at)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm" fw={550}>
          {actor.name}
        </Text>
        <Text size="xs" c="dimmed">
          {ACTORS[actor.kind]}
          {through}
        </Text>
        <Text size="xs" c="dimmed" hiddenFrom="sm" className="numbers">
          {clock.short(at)}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{whatWasDone(entry)}</Text>
        {fields.length > 0 && (
          <Text size="xs" c="dimmed" className="anywhere" lineClamp={3}>
            {fields.join(', ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm" c="dimmed" className="numbers">
          {address ?? 'Unknown'}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
