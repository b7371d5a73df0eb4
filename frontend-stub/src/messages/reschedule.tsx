import { Modal, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { MessageRescheduleDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { instantOf, localTime, useZone } from '../parts/time';
import { TimeInput } from '../parts/time-input';
import { counted } from '../parts/words';

/** The queries that a change of what waits makes stale. */
export const OF_WAITING = ['message', 'messages', 'batch', 'allowance', 'limits'] as const;
/** Over how many days a message can wait for its time. */
export const MOST_DAYS = 35;

interface RescheduleProps {
  /** A message or a whole send; null while nothing is asked. */
  id: string | null;
  /** The time that it waits for now. */
  from: string | null;
  onClose: () => void;
}

/** Lets a message, or all of a send that still waits, wait for another time. */
export function Reschedule({ id, from, onClose }: RescheduleProps) {
  return (
    <Modal opened={id !== null} onClose={onClose} title={<Text fw={650}>Send at another time</Text>}>
      {id !== null && <Form id={id} from={from} onClose={onClose} />}
    </Modal>
  );
}

function Form({ id, from, onClose }: RescheduleProps & { id: string }) {
  const zone = useZone();
  const [local, setLocal] = useState(() => (from === null ? '' : localTime(from, zone)));
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(MessageRescheduleDocument, { id, sendAt: instantOf(local, zone) })).messageReschedule,
    {
      touches: OF_WAITING,
      onDone: ({ rescheduled }) => {
        notifications.show({ color: 'green', title: 'Rescheduled', message: `${counted(rescheduled, 'message')} for the new time.` });
        onClose();
      },
    },
  );
  const problems = errorsByField(refusals, ['sendAt'] as const);
  return (
    <DialogForm act="Reschedule" pending={isPending} ready={local !== ''} error={error} refusal={problems.form} onSubmit={mutate} onClose={onClose}>
      <TimeInput label="Send at" required data-autofocus within={MOST_DAYS} value={local} error={problems.sendAt} onChange={setLocal} />
      <Text size="sm" c="dimmed">
        Whoever has quiet hours then gets it once they are over.
      </Text>
    </DialogForm>
  );
}
