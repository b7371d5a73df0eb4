import { Badge, Card, EmptyState, Stack, Table, Text, Title } from '@mantine/core';
import { IconLifebuoy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { isPast, useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { type SupportSession, supportSessionsQuery } from './queries';

/** Each time that our support was in the company's account. */
export function SupportSessions() {
  return (
    <Stack component="section" aria-labelledby="sessions" gap="sm">
      <Title order={2} size="h4" id="sessions">
        Support sessions
      </Title>
      <Sessions />
    </Stack>
  );
}

function Sessions() {
  const page = usePage(25);
  const { data, error, refetch } = useQuery(supportSessionsQuery(page));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  const { nodes = [], pageInfo } = data.supportSessions ?? {};
  if (nodes.length === 0) {
    return (
      <EmptyState
        icon={<IconLifebuoy aria-hidden />}
        title="Support was never here"
        description="When it looks into your account, you see here who it was, why, and how much they read."
      />
    );
  }
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Support sessions" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Who and why</Table.Th>
              <Table.Th visibleFrom="xs">When</Table.Th>
              <Table.Th>Looked</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((session) => (
              <Row key={session.id} session={session} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Row({ session: { actor, reason, openedAt, expiresAt, closedAt, reads, contentGranted } }: { session: SupportSession }) {
  const clock = useClock();
  const open = closedAt === null && !isPast(expiresAt);
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {actor.name}
        </Text>
        <Text size="sm" className="anywhere">
          {reason}
        </Text>
        <Text size="xs" c="dimmed" hiddenFrom="xs" className="numbers">
          {clock.short(openedAt)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="xs">
        <Text size="sm" className="numbers">
          {clock.short(openedAt)}
        </Text>
        {open ? (
          <Badge color="orange">Open until {clock.short(expiresAt)}</Badge>
        ) : (
          <Text size="xs" c="dimmed" className="numbers">
            until {clock.short(closedAt ?? expiresAt)}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm" className="numbers">
          {counted(reads ?? 0, 'time')}
        </Text>
        <Text size="xs" c="dimmed">
          {contentGranted ? 'could see content' : 'saw no content'}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
