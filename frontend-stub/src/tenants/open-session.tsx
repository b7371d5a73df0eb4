import { Button, Group, Modal, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useLocation } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { queryClient } from '../api/queries';
import { errorsByField } from '../api/user-errors';
import { SupportSessionStartDocument, type SupportSessionStartInput } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import type { TenantRow } from './queries';

const MINUTES = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: 'Half an hour' },
  { value: '60', label: 'An hour' },
  { value: '240', label: 'Four hours' },
];

/** Opens a support session, in a dialog; the tenant's views follow. */
export function OpenSession({ tenant, onClose }: { tenant: TenantRow | null; onClose: () => void }) {
  return (
    <Modal opened={tenant !== null} onClose={onClose} title={<Text fw={650}>Open a support session</Text>}>
      {tenant !== null && <Fields tenant={tenant} onClose={onClose} />}
    </Modal>
  );
}

function Fields({ tenant, onClose }: { tenant: TenantRow; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState('30');
  const [, navigate] = useLocation();
  const { mutate, refusals, error, isPending } = useChange(
    async (input: SupportSessionStartInput) => (await request(SupportSessionStartDocument, { input })).supportSessionStart,
    {
      touches: [],
      onDone: () => {
        navigate('/messages');
        void queryClient.resetQueries(); // nothing that was shown before is this tenant's
      },
    },
  );
  const problems = errorsByField(refusals, ['reason', 'minutes'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate({ tenantId: tenant.id, reason: reason.trim(), minutes: Number(minutes) });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        <Text size="sm">
          You look at the log and the usage of <b>{tenant.name}</b>, and change nothing. The company sees that you were
          there, why, and what you read.
        </Text>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <Textarea
          label="Reason"
          description="The company reads it: name the ticket, no person's data"
          required
          data-autofocus
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          error={problems.reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="For how long"
          data={MINUTES}
          value={minutes}
          error={problems.minutes}
          onChange={(event) => {
            setMinutes(event.currentTarget.value);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={reason.trim() === ''}>
            Open session
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
