import { Card, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { changesQuery } from './queries';

/** Every change of the plan: from which to which, by whom, and what was taken back. */
export function History() {
  const { data, error, refetch } = useQuery(changesQuery(usePage(10)));
  const clock = useClock();
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  const { nodes = [], pageInfo } = data?.planChanges ?? {};
  if (nodes.length === 0) return null;
  return (
    <>
      <Card component="section" aria-labelledby="changes" padding={0}>
        <Title order={2} size="h4" id="changes" p="lg" pb="xs">
          What changed
        </Title>
        <Table aria-labelledby="changes" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Plan</Table.Th>
              <Table.Th>Begins</Table.Th>
              <Table.Th visibleFrom="xs">Asked for by</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map(({ id, from, to, effectiveAt, requestedAt, requestedBy, canceledAt, canceledBy }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  {from === null ? to?.name : `${from.name} to ${to?.name}`}
                  {canceledAt !== null && (
                    <Text size="xs" c="dimmed">
                      Canceled {clock.short(canceledAt)}
                      {canceledBy !== null && ` by ${canceledBy}`}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="numbers">{clock.short(effectiveAt)}</Table.Td>
                <Table.Td visibleFrom="xs">
                  {requestedBy.name}
                  <Text size="xs" c="dimmed">
                    {clock.short(requestedAt)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </>
  );
}
