import { Button, Stack } from '@mantine/core';
import { IconFileTypeCsv } from '@tabler/icons-react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ContactExportDocument, type ContactFilter } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';

/** The contacts that are shown, on all their pages, as a file. */
export function Export({ filter }: { filter: ContactFilter | null }) {
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(ContactExportDocument, { input: { filter } })).contactExport,
    {
      touches: [],
      onDone: ({ url }) => {
        if (url !== null) window.location.assign(url); // an attachment: the page stays
      },
    },
  );
  return (
    <Stack gap="xs">
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Button
        variant="default"
        leftSection={<IconFileTypeCsv size={16} aria-hidden />}
        loading={isPending}
        onClick={() => {
          mutate();
        }}
      >
        {filter === null ? 'Export all' : 'Export these'}
      </Button>
    </Stack>
  );
}
