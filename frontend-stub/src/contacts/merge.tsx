import { List, Modal, Radio, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import type { Contact } from '../api/queries';
import { ContactMergeDocument } from '../generated/operations';
import { ContactChoice } from '../parts/contact-choice';
import { DialogForm } from '../parts/dialog-form';
import { OF_WISHES } from './queries';

interface MergeContactsProps {
  /** One of the two; null while nothing is asked. */
  about: Contact | null;
  /** The other one, where it is known. */
  other?: Contact;
  onDone?: (keptId: string) => void;
  onClose: () => void;
}

/** Makes one contact of two that are one person, in a dialog. */
export function MergeContacts({ about, onClose, ...rest }: MergeContactsProps) {
  return (
    <Modal opened={about !== null} onClose={onClose} title={<Text fw={650}>Merge two contacts</Text>}>
      {about !== null && <Form about={about} onClose={onClose} {...rest} />}
    </Modal>
  );
}

function Form({ about, other: given, onDone, onClose }: MergeContactsProps & { about: Contact }) {
  const [found, setFound] = useState<Contact | null>(null);
  const [keptId, setKept] = useState(about.id);
  const same = found?.id === about.id;
  const other = given ?? (same ? null : found);
  const { mutate, refusals, error, isPending } = useChange(
    async (mergedId: string) => (await request(ContactMergeDocument, { input: { keptId, mergedId } })).contactMerge,
    {
      touches: OF_WISHES,
      onDone: ({ contact }) => {
        notifications.show({ color: 'green', title: contact?.name ?? contact?.number, message: 'The two contacts are one.' });
        onClose();
        onDone?.(keptId);
      },
    },
  );
  return (
    <DialogForm
      act="Merge"
      color="red"
      pending={isPending}
      ready={other !== null}
      error={error}
      refusal={refusals[0]?.message}
      onSubmit={() => {
        if (other !== null) mutate(keptId === about.id ? other.id : about.id);
      }}
      onClose={onClose}
    >
      {given === undefined && (
        <ContactChoice
          label={`The same person as ${about.name ?? about.number}`}
          chosen={found}
          error={same ? 'This is the same contact. Choose the other one.' : undefined}
          onChange={(contact) => {
            setFound(contact);
            setKept(about.id);
          }}
        />
      )}
      {other !== null && (
        <>
          <Radio.Group label="Which one stays?" value={keptId} onChange={setKept}>
            <Stack gap="xs" mt="xs">
              {[about, other].map(({ id, name, number }) => (
                <Radio key={id} value={id} label={name ?? 'No name'} description={number} />
              ))}
            </Stack>
          </Radio.Group>
          <Kept />
        </>
      )}
    </DialogForm>
  );
}

function Kept() {
  return (
    <List size="sm" spacing={4}>
      <List.Item>Name, number and details of the one that stays are kept. What it lacks comes from the other.</List.Item>
      <List.Item>It gets the other’s tags and messages.</List.Item>
      <List.Item>If either opted out, neither number gets messages any more.</List.Item>
      <List.Item>Consent that was given for the other number is not taken over.</List.Item>
      <List.Item>
        <b>The other contact is gone. You cannot take this back.</b>
      </List.Item>
    </List>
  );
}
