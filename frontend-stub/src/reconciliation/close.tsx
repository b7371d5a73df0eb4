import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { DiscrepancyCloseDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import type { Discrepancy } from './queries';

/** Closes a discrepancy that is cleared up. */
export function CloseDiscrepancy({ discrepancy: { id }, onClose }: { discrepancy: Discrepancy; onClose: () => void }) {
  const [note, setNote] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(DiscrepancyCloseDocument, { id, note: note.trim() })).discrepancyClose,
    { touches: ['discrepancies', 'invoicing'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['note'] as const);
  return (
    <DialogForm act="Close it" pending={isPending} ready={note.trim() !== ''} error={error} refusal={problems.form} onSubmit={mutate} onClose={onClose}>
      <Text size="sm">It holds no invoice back any more, and stays closed unless its figures change. The tenant does not see it.</Text>
      <TextInput
        label="What it was"
        required
        data-autofocus
        autoComplete="off"
        maxLength={500}
        value={note}
        error={problems.note}
        onChange={(event) => {
          setNote(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}
