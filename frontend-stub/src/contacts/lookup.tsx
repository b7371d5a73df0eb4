import { Alert, Button, Stack, Text } from '@mantine/core';
import { IconPhoneCheck } from '@tabler/icons-react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ContactLookupDocument } from '../generated/operations';
import { isPast } from '../parts/time';
import { Refusal, Trouble } from '../parts/trouble';
import type { ContactInFull } from './queries';

const FRESH = 30 * 24 * 60 * 60 * 1_000; // as long the carriers are not asked again

/** What the carriers know of a contact's number, and asking them, which costs. */
export function Lookup({ contact: { id, lookup }, mayWrite }: { contact: ContactInFull; mayWrite: boolean }) {
  return (
    <>
      {lookup?.valid === false && (
        <Alert color="orange" title="Nobody has this number">
          The carriers say so: what is sent to it is refused, and costs nothing.
        </Alert>
      )}
      <div role="status">
        {lookup?.state === 'WAITING' && <Text size="sm">The carriers are being asked what kind of line it is.</Text>}
        {lookup?.state === 'FAILED' && <Text size="sm">The carriers did not answer. It cost nothing: try again later.</Text>}
      </div>
      {mayWrite && mayAsk(lookup) && <Ask id={id} />}
    </>
  );
}

function mayAsk(lookup: ContactInFull['lookup']): boolean {
  if (lookup?.state !== 'DONE') return lookup?.state !== 'WAITING';
  return lookup.lookedUpAt !== null && isPast(new Date(Date.parse(lookup.lookedUpAt) + FRESH).toISOString());
}

function Ask({ id }: { id: string }) {
  const { mutate, refusals, error, isPending } = useChange(async () => (await request(ContactLookupDocument, { id })).contactLookup, {
    touches: ['contact', 'contacts', 'limits'],
  });
  return (
    <Stack gap="xs" align="flex-start">
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPhoneCheck size={14} aria-hidden />}
        loading={isPending}
        onClick={() => {
          mutate();
        }}
      >
        Look the line up
      </Button>
      <Text size="sm" c="dimmed">
        Tells whether it is a landline, which takes no messages. It costs one look-up, once in 30 days, and counts towards your spend cap.
      </Text>
    </Stack>
  );
}
