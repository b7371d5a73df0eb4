import { Anchor, Badge, Card, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { type Import, importsQuery } from './queries';
import { PURPOSES, STATES } from './words';

/** The files that were brought in or looked through, the newest first. */
export function ImportList() {
  const { data, error, refetch } = useQuery(importsQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.contactImports ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconFileImport aria-hidden />} title="Nothing was imported yet" description="Each file appears here, with what became of its rows." />;
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Imports" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>File</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th visibleFrom="sm">Rows</Table.Th>
              <Table.Th visibleFrom="sm">When</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((one) => (
              <Row key={one.id} one={one} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Row({ one }: { one: Import }) {
  const clock = useClock();
  const { id, fileName, purpose, dryRun, state, rows, refused, requestedAt } = one;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={`/contacts/imports/${encodeURIComponent(id)}`} size="sm" fw={550} className="anywhere">
          {fileName}
        </Anchor>
        <Text size="xs" c="dimmed">
          {purpose === 'CONTACTS' ? 'Contacts' : 'Numbers that opted out'}
          {dryRun && ', checked only'}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge color={STATES[state].color}>{STATES[state].label}</Badge>
        {refused > 0 && (
          <Text size="xs" c="dimmed" mt={4}>
            {counted(refused, 'row')} with problems
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="sm" className="numbers">
        {counted(rows, PURPOSES[purpose].one)}
      </Table.Td>
      <Table.Td visibleFrom="sm" className="numbers">
        {clock.short(requestedAt)}
      </Table.Td>
    </Table.Tr>
  );
}
