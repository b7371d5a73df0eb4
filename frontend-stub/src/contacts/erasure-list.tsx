import { Anchor, Card, EmptyState, Stack, Table, Text } from '@mantine/core';
import { IconEraser } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { ErasureBadge } from './erasure';
import { erasuresQuery } from './queries';

/** The receipts of all erasures, the newest first. */
export function ErasureList() {
  const clock = useClock();
  const { data, error, refetch } = useQuery(erasuresQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  const { nodes = [], pageInfo } = data.contactErasures ?? {};
  if (nodes.length === 0) {
    return <EmptyState icon={<IconEraser aria-hidden />} title="Nobody was erased" description="When somebody asks to be forgotten, open the contact and erase the person. The receipt appears here." />;
  }
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        Receipts name nobody: they tell when, and how much.
      </Text>
      <Card padding={0}>
        <Table aria-label="Erasures" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Asked for</Table.Th>
              <Table.Th>State</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map(({ id, state, requestedAt }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Anchor component={Link} href={`/contacts/erasures/${encodeURIComponent(id)}`} size="sm" className="numbers">
                    {clock.long(requestedAt)}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <ErasureBadge state={state} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}
