import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { request } from '../api/client';
import { type Contact, queryClient } from '../api/queries';
import { ContactDeleteDocument } from '../generated/operations';
import { Trouble } from '../parts/trouble';

/** Asks before a contact is gone. */
export function DeleteContact({ contact, onClose }: { contact: Contact | null; onClose: () => void }) {
  return (
    <Modal opened={contact !== null} onClose={onClose} title={<Text fw={650}>Delete this contact?</Text>}>
      {contact !== null && <Question contact={contact} onClose={onClose} />}
    </Modal>
  );
}

function Question({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => request(ContactDeleteDocument, { id: contact.id }),
    onSuccess: ({ contactDelete }) => {
      if (contactDelete?.deletedId == null) return;
      void queryClient.invalidateQueries({ queryKey: ['contacts'] });
      onClose();
    },
  });
  const refused = data?.contactDelete?.errors[0];
  return (
    <Stack>
      <Text size="sm">
        <b>{contact.name ?? contact.number}</b> leaves your contacts. Messages that you have sent stay in the log.
      </Text>
      {error !== null && <Trouble error={error} />}
      {refused !== undefined && (
        <Alert color="red" role="alert">
          {refused.message}
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button
          color="red"
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          Delete
        </Button>
      </Group>
    </Stack>
  );
}
