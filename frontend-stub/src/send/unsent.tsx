import { Button, Group, Text } from '@mantine/core';
import { IconBan, IconCalendarTime } from '@tabler/icons-react';
import { useState } from 'react';

import { request } from '../api/client';
import { MessageCancelDocument } from '../generated/operations';
import { OF_WAITING, Reschedule } from '../messages/reschedule';
import { Question } from '../parts/question';
import { useClock } from '../parts/time';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { type Batch, countOf } from './batches';

/** What can still be done about all of a send that has not left: another time, or none. */
export function Unsent({ batch }: { batch: Batch }) {
  const maySend = useMay('MESSAGES_SEND');
  const clock = useClock();
  const [act, setAct] = useState<'reschedule' | 'cancel' | null>(null);
  const scheduled = countOf(batch, 'SCHEDULED');
  const unsent = scheduled + countOf(batch, 'QUEUED');
  const next = nextOf(batch);
  const close = () => {
    setAct(null);
  };
  if (unsent === 0) return null;
  return (
    <>
      {next !== null && <Text size="sm">The first goes out {clock.long(next)}. What the plan lets through then is sent then.</Text>}
      {maySend && (
        <Group gap="xs">
          {scheduled > 0 && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconCalendarTime size={14} aria-hidden />}
              onClick={() => {
                setAct('reschedule');
              }}
            >
              Send all at another time
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            leftSection={<IconBan size={14} aria-hidden />}
            onClick={() => {
              setAct('cancel');
            }}
          >
            Cancel what has not left
          </Button>
        </Group>
      )}
      <Reschedule id={act === 'reschedule' ? batch.id : null} from={next} onClose={close} />
      <Question
        about={act === 'cancel' ? batch.id : null}
        title="Cancel what has not left?"
        stay="Let it go out"
        act="Cancel messages"
        ask={async (id) => (await request(MessageCancelDocument, { id })).messageCancel}
        touches={OF_WAITING}
        onClose={close}
      >
        {() => `${counted(unsent, 'message')} will not be sent, and count no more. What is on its way already arrives all the same.`}
      </Question>
    </>
  );
}

/** The first time that something of it waits for, as far as it is shown. */
function nextOf({ messages }: Batch): string | null {
  const times = messages.nodes.flatMap(({ status, scheduledAt }) => (status === 'SCHEDULED' && scheduledAt !== null ? [scheduledAt] : []));
  return times.reduce<string | null>((first, at) => (first === null || Date.parse(at) < Date.parse(first) ? at : first), null);
}
