import { Button, Stack, Text } from '@mantine/core';
import { IconPhoneCheck } from '@tabler/icons-react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ContactLookupDocument } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';

/** Asks the carriers what kind of line a contact's number is, and says that it costs. */
export function Lookup({ id }: { id: string }) {
  const { mutate, refusals, error, isPending, isSuccess } = useChange(async () => (await request(ContactLookupDocument, { id })).contactLookup, {
    touches: ['contact', 'contacts', 'limits'],
  });
  const asked = isSuccess && refusals.length === 0;
  return (
    <Stack gap="xs" align="flex-start">
      {error !== null && <Trouble error={error} />}
      <Refusal sentence={refusals[0]?.message} />
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPhoneCheck size={14} aria-hidden />}
        loading={isPending}
        disabled={asked}
        onClick={() => {
          mutate();
        }}
      >
        Look the line up
      </Button>
      <Text size="sm" c="dimmed" role="status">
        {asked ? 'The carriers are being asked.' : 'Tells whether it is a landline, which takes no messages. It costs one look-up, once in 30 days, and counts towards your spend cap.'}
      </Text>
    </Stack>
  );
}
