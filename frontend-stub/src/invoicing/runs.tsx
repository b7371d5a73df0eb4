import { Badge, Button, Card, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';

import { monthInWords, useClock } from '../parts/time';
import { counted } from '../parts/words';
import type { Run } from './queries';

interface RunsProps {
  runs: readonly Run[];
  looking: boolean;
  onLook: () => void;
}

/** The last runs that made invoices, and how far each is. */
export function Runs({ runs, looking, onLook }: RunsProps) {
  return (
    <Card component="section" aria-labelledby="runs">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="runs">
          Runs
        </Title>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} loading={looking} onClick={onLook}>
          Look again
        </Button>
      </Group>
      {runs.length === 0 && (
        <Text size="sm" c="dimmed">
          None yet.
        </Text>
      )}
      <Stack component="ul" gap={0} className="lines">
        {runs.map((run) => (
          <RunItem key={run.startedAt} run={run} />
        ))}
      </Stack>
    </Card>
  );
}

function RunItem({ run: { month, tenants, done, failed, startedAt, finishedAt } }: { run: Run }) {
  const clock = useClock();
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text fw={550}>{monthInWords(month)}</Text>
        <RunBadge failed={failed} finished={finishedAt !== null} />
      </Group>
      <Text size="sm" c="dimmed">
        {counted(done, 'tenant')} of {tenants.toLocaleString('en')} done
        {failed > 0 && `; ${counted(failed, 'tenant')} failed, to be tried again within the hour`}. Begun {clock.short(startedAt)}
        {finishedAt !== null && `, finished ${clock.short(finishedAt)}`}.
      </Text>
      {finishedAt === null && (
        <Progress mt="xs" aria-label={`Invoices of ${monthInWords(month)}`} value={(100 * (done + failed)) / Math.max(1, tenants)} animated />
      )}
    </li>
  );
}

function RunBadge({ failed, finished }: { failed: number; finished: boolean }) {
  if (failed > 0) return <Badge color="red">Some failed</Badge>;
  return finished ? <Badge color="green">Done</Badge> : <Badge color="orange">Going on</Badge>;
}
