import { Anchor, Badge, Button, Card, EmptyState, Group, Progress, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconMoodSad, IconSend } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { batchQuery } from '../api/queries';
import type { BatchQuery } from '../generated/operations';
import { isFinal, STATUS, StatusBadge } from '../messages/status';
import { LoadingRows, Page } from '../parts/page';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useReads } from '../session/viewer';
import { type Batch, countOf } from './batches';
import { Refused } from './refused';
import { Unsent } from './unsent';

const TITLES = {
  waiting: 'Your message waits for its time',
  moving: 'Your message is on its way',
  settled: 'What became of your message',
};

/** What becomes of a send, recipient by recipient, until each is settled. */
export function BatchPage({ id }: { id: string }) {
  const reads = useReads();
  const { data, error, refetch } = useQuery(batchQuery(id, reads.contacts));
  const batch = asBatch(data);
  const stage = stageOf(batch);
  return (
    <Page
      title={TITLES[stage]}
      lead={stage === 'settled' ? 'Everything is settled.' : 'This page follows it by itself. You may leave: nothing stops.'}
      actions={
        <Button component={Link} href="/" variant="light" leftSection={<IconSend size={16} aria-hidden />}>
          Send another
        </Button>
      }
    >
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && batch === null && (
        <EmptyState
          icon={<IconMoodSad aria-hidden />}
          title="There is no such send"
          description="It may belong to another of your companies, or its time in the log is over."
        />
      )}
      {batch !== null && <Progressing batch={batch} />}
    </Page>
  );
}

function Progressing({ batch }: { batch: Batch }) {
  const summary = inSentence(batch);
  return (
    <>
      <Card>
        <Stack gap="sm">
          <Group justify="space-between">
            <Title order={2} size="h4">
              {summary}
            </Title>
            <Group gap="xs">
              {batch.counts.map(({ status, count }) => (
                <Badge key={status} color={STATUS[status].color} size="lg">
                  {count} {STATUS[status].label.toLowerCase()}
                </Badge>
              ))}
            </Group>
          </Group>
          <Progress.Root size="lg" aria-hidden>
            {batch.counts.map(({ status, count }) => (
              <Progress.Section
                key={status}
                value={(100 * count) / Math.max(1, batch.accepted)}
                color={isFinal(status) ? STATUS[status].color : 'gray.4'}
              />
            ))}
          </Progress.Root>
          <VisuallyHidden role="status" aria-live="polite">
            {summary}
          </VisuallyHidden>
          <Unsent batch={batch} />
        </Stack>
      </Card>
      {batch.refusals.nodes.length > 0 && <Refused refusals={batch.refusals} />}
      {batch.accepted > 0 && <Recipients batch={batch} />}
    </>
  );
}

function Recipients({ batch }: { batch: Batch }) {
  const clock = useClock();
  return (
    <Card padding={0}>
      <Table aria-label="Recipients" horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Recipient</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th visibleFrom="xs">When</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {batch.messages.nodes.map(({ id, status, statusAt, scheduledAt, recipient, contact, deliveryIssue }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Anchor component={Link} href={`/messages?message=${encodeURIComponent(id)}`} fw={550} size="sm">
                  {contact?.name ?? recipient.maskedNumber}
                </Anchor>
                {contact?.name != null && (
                  <Text size="xs" c="dimmed" className="numbers">
                    {recipient.maskedNumber}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <StatusBadge status={status} />
                {deliveryIssue !== null && (
                  <Text size="sm" mt={6} maw={460}>
                    {deliveryIssue.reason}{' '}
                    <Text span c="dimmed" inherit>
                      {deliveryIssue.advice}
                    </Text>
                  </Text>
                )}
              </Table.Td>
              <Table.Td visibleFrom="xs">
                <Text size="sm" className="numbers">
                  {status === 'SCHEDULED' && scheduledAt !== null ? `for ${clock.short(scheduledAt)}` : clock.short(statusAt)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {batch.messages.pageInfo.hasNextPage && (
        <Text size="sm" c="dimmed" p="md">
          The first 100 are shown.{' '}
          <Anchor component={Link} href={`/messages?batch=${encodeURIComponent(batch.id)}`} inherit>
            See all {batch.accepted}
          </Anchor>
        </Text>
      )}
    </Card>
  );
}

function asBatch(data: BatchQuery | undefined): Batch | null {
  return data?.node?.__typename === 'MessageBatch' ? data.node : null;
}

function stageOf(batch: Batch | null): keyof typeof TITLES {
  if (isSettled(batch)) return 'settled';
  return batch?.counts.every(({ status }) => status === 'SCHEDULED' || isFinal(status)) === true ? 'waiting' : 'moving';
}

function isSettled(batch: Batch | null): boolean {
  return batch !== null && settledOf(batch) === batch.accepted;
}

function settledOf({ counts }: Batch): number {
  return counts.filter(({ status }) => isFinal(status)).reduce((sum, { count }) => sum + count, 0);
}

function inSentence(batch: Batch): string {
  const delivered = batch.counts
    .filter(({ status }) => status === 'DELIVERED' || status === 'READ')
    .reduce((sum, { count }) => sum + count, 0);
  if (batch.accepted === 0) return 'Nothing was sent';
  if (stageOf(batch) === 'waiting') return `${counted(countOf(batch, 'SCHEDULED'), 'message')} scheduled`;
  if (!isSettled(batch)) return `${settledOf(batch)} of ${counted(batch.accepted, 'message')} settled`;
  if (delivered === batch.accepted) return batch.accepted === 1 ? 'Delivered' : `All ${batch.accepted} delivered`;
  return `${delivered} of ${counted(batch.accepted, 'message')} delivered`;
}
