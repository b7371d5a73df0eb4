import { Anchor, Card, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { rateCardsQuery } from './queries';
import { SOURCES } from './words';

/** All versions, the newest first. */
export function Versions() {
  const clock = useClock();
  const { data, error, refetch } = useQuery(rateCardsQuery(usePage(10)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={2} />;
  const { nodes = [], pageInfo } = data.rateCards ?? {};
  if (nodes.length === 0) return null;
  return (
    <Stack component="section" aria-labelledby="versions">
      <Title order={2} size="h3" id="versions">
        Versions
      </Title>
      <Card padding={0}>
        <Table aria-label="Versions" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Published</Table.Th>
              <Table.Th visibleFrom="xs">From</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map(({ version, source, publishedAt, publishedBy }) => (
              <Table.Tr key={version}>
                <Table.Td>
                  <Anchor component={Link} href={`/rate-card?version=${version}`} size="sm" fw={550} aria-label={`Version ${version}`}>
                    {version}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">{clock.short(publishedAt)}</Text>
                  <Text size="xs" c="dimmed">
                    {publishedBy}
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="xs">
                  <Text size="sm">{SOURCES[source]}</Text>
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
