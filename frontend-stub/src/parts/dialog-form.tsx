import { Button, Group, Stack } from '@mantine/core';
import type { ReactNode, SubmitEvent } from 'react';

import { Refusal, Trouble } from './trouble';

interface DialogFormProps {
  /** What its button does. */
  act: string;
  color?: string;
  pending: boolean;
  /** Whether it can be sent as it is. */
  ready?: boolean;
  error: unknown;
  /** What is said against it as a whole. */
  refusal: string | undefined;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form in a dialog: what went wrong, its fields, and its two buttons. */
export function DialogForm({ act, color, pending, ready = true, error, refusal, onSubmit, onClose, children }: DialogFormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={refusal} />
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" {...(color !== undefined && { color })} loading={pending} disabled={!ready}>
            {act}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
