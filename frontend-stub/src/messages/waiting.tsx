import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconBan, IconCalendarTime } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';

import { request } from '../api/client';
import { queryClient } from '../api/queries';
import { MessageCancelDocument, type MessageStatus } from '../generated/operations';
import { useMay } from '../session/viewer';
import { OF_WAITING, Reschedule } from './reschedule';

interface WaitingProps {
  id: string;
  status: MessageStatus;
  scheduledAt: string | null;
}

/** What can still be done about a message that has not left: another time, or none. */
export function Waiting({ id, status, scheduledAt }: WaitingProps) {
  const maySend = useMay('MESSAGES_SEND');
  const [choosing, { open, close }] = useDisclosure(false);
  if (!maySend || (status !== 'QUEUED' && status !== 'SCHEDULED')) return null;
  return (
    <Group gap="xs">
      {status === 'SCHEDULED' && (
        <Button variant="default" size="xs" leftSection={<IconCalendarTime size={14} aria-hidden />} onClick={open}>
          Another time
        </Button>
      )}
      <Cancel id={id} />
      <Reschedule id={choosing ? id : null} from={scheduledAt} onClose={close} />
    </Group>
  );
}

function Cancel({ id }: { id: string }) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => request(MessageCancelDocument, { id }),
    onSuccess: ({ messageCancel }) => {
      const refused = messageCancel?.errors[0];
      notifications.show(
        refused === undefined
          ? { color: 'green', title: 'Canceled', message: 'It will not be sent, and counts no more.' }
          : { color: 'orange', title: 'Not canceled', message: refused.message },
      );
    },
    onError: (error) => {
      notifications.show({ color: 'red', title: 'Not canceled', message: error.message });
    },
    onSettled: () => Promise.all(OF_WAITING.map((name) => queryClient.invalidateQueries({ queryKey: [name] }))),
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconBan size={14} aria-hidden />}
      loading={isPending}
      onClick={() => {
        mutate();
      }}
    >
      Cancel this message
    </Button>
  );
}
