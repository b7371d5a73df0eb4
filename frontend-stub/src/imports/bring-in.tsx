import { Button, Card, Group, Stack, Text } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useLocation } from 'wouter';
import { useHistoryState } from 'wouter/use-browser-location';

import { useChange } from '../api/changes';
import { Refusal, Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { type Load, start } from './file';
import type { ImportInFull } from './queries';
import { PURPOSES } from './words';

/** Brings the rows in that were looked through, while the page still knows their file. */
export function BringIn({ job: { purpose, rows, refused } }: { job: ImportInFull }) {
  const load = useHistoryState<Load | null>();
  return (
    <Card>
      {load === null ? (
        <Text size="sm">To bring the rows in, choose the file again: it was looked through in another window.</Text>
      ) : (
        <Ready load={load} words={counted(rows - refused, PURPOSES[purpose].one)} refused={refused} />
      )}
    </Card>
  );
}

function Ready({ load, words, refused }: { load: Load; words: string; refused: number }) {
  const [, navigate] = useLocation();
  const { mutate, refusals, error, isPending } = useChange(() => start(load, false), {
    touches: ['imports'],
    onDone: ({ id }) => {
      if (id !== null) navigate(`/contacts/imports/${encodeURIComponent(id)}`, { replace: true });
    },
  });
  return (
    <Stack>
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Group justify="space-between" gap="sm">
        <Text size="sm" flex={1} miw={200}>
          {refused === 0 ? 'All rows can be imported.' : `${counted(refused, 'row')} will be left out: see below why. You can mend the file and check it again.`}
        </Text>
        <Button
          leftSection={<IconFileImport size={18} aria-hidden />}
          {...(load.purpose === 'SUPPRESSIONS' && { color: 'red' })}
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          Import {words}
        </Button>
      </Group>
    </Stack>
  );
}
