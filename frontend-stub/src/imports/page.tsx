import { Anchor, Badge, Button, Card, EmptyState, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconMoodSad, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { queryClient } from '../api/queries';
import { OF_WISHES } from '../contacts/queries';
import { ContactImportCancelDocument } from '../generated/operations';
import { Figure } from '../parts/figure';
import { inNumbers } from '../parts/numbers';
import { LoadingRows, Page } from '../parts/page';
import { usePage } from '../parts/paging';
import { useClock } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { BringIn } from './bring-in';
import { Problems } from './problems';
import { goesOn, type ImportInFull, importQuery } from './queries';
import { PURPOSES, STATES } from './words';

/** One import, or a look at what one would do: how far it is, what became of the rows, and what is wrong with some. */
export function ImportPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(importQuery({ id, ...usePage(25) }));
  const title = data == null ? 'Import' : `${data.dryRun ? 'Check' : 'Import'} of ${data.fileName}`;
  return (
    <Page title={title} lead={data?.dryRun === true ? 'What would become of each row. Nothing is changed yet.' : 'What became of each row.'}>
      <Anchor component={Link} href="/contacts/imports" size="sm">
        All imports
      </Anchor>
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows count={4} />}
      {data === null && <EmptyState icon={<IconMoodSad aria-hidden />} title="There is no such import" description="What became of an import is kept for ninety days." />}
      {data != null && <Outcome job={data} />}
    </Page>
  );
}

function Outcome({ job }: { job: ImportInFull }) {
  const mayWrite = useMay('CONTACTS_WRITE');
  const { id, state, dryRun, rows, refused } = job;
  const over = !goesOn(job);
  useEffect(() => {
    if (over && !dryRun) for (const name of OF_WISHES) void queryClient.invalidateQueries({ queryKey: [name] });
  }, [over, dryRun]);
  return (
    <Stack gap="lg">
      <Course job={job} mayWrite={mayWrite} />
      <Figures job={job} />
      {mayWrite && dryRun && state === 'DONE' && refused < rows && <BringIn key={id} job={job} />}
      {over && dryRun && refused === rows && <Text>No row can be imported. Mend the file, and choose it again.</Text>}
      {job.problemCount > 0 && <Problems job={job} />}
    </Stack>
  );
}

function Course({ job, mayWrite }: { job: ImportInFull; mayWrite: boolean }) {
  const clock = useClock();
  const { state, rows, rowsDone, requestedAt, finishedAt } = job;
  const { label, color } = STATES[state];
  return (
    <Card>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Group gap="sm" role="status">
            <Badge color={color}>{label}</Badge>
            <Text size="sm" className="numbers">
              {inNumbers(rowsDone)} of {counted(rows, 'row')}
            </Text>
          </Group>
          {mayWrite && goesOn(job) && <Stop id={job.id} />}
        </Group>
        {goesOn(job) && <Progress aria-label={`${rowsDone} of ${counted(rows, 'row')} dealt with`} value={(100 * rowsDone) / Math.max(1, rows)} animated />}
        <Text size="sm" c="dimmed">
          {finishedAt === null ? `Since ${clock.long(requestedAt)}. You may leave: it goes on by itself.` : clock.long(finishedAt)}
        </Text>
      </Stack>
    </Card>
  );
}

function Stop({ id }: { id: string }) {
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(ContactImportCancelDocument, { id })).contactImportCancel,
    { touches: ['import', 'imports'] },
  );
  return (
    <Stack gap="xs" align="flex-end">
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlayerStop size={14} aria-hidden />}
        loading={isPending}
        onClick={() => {
          mutate();
        }}
      >
        Stop it
      </Button>
    </Stack>
  );
}

function Figures({ job: { purpose, created, updated, skipped, refused } }: { job: ImportInFull }) {
  const { made, skipped: left } = PURPOSES[purpose];
  return (
    <SimpleGrid cols={{ base: 2, sm: purpose === 'CONTACTS' ? 4 : 3 }}>
      <Figure label={made} value={inNumbers(created)} />
      {purpose === 'CONTACTS' && <Figure label="Changed" value={inNumbers(updated)} />}
      <Figure label={left} value={inNumbers(skipped)} />
      <Figure label="With problems" value={inNumbers(refused)} />
    </SimpleGrid>
  );
}
