import { Alert, List, Modal, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ContactEraseDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { type ContactInFull, OF_WISHES } from './queries';

/** Erases a person, after the number was typed; ends at the receipt. */
export function EraseContact({ contact, onClose }: { contact: ContactInFull | null; onClose: () => void }) {
  return (
    <Modal opened={contact !== null} onClose={onClose} title={<Text fw={650}>Erase this person?</Text>}>
      {contact !== null && <Form contact={contact} onClose={onClose} />}
    </Modal>
  );
}

function Form({ contact: { id, name, number }, onClose }: { contact: ContactInFull; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const { mutate, refusals, error, isPending } = useChange(async () => (await request(ContactEraseDocument, { id })).contactErase, {
    touches: [...OF_WISHES, 'message', 'erasures'],
    onDone: ({ contactErasure }) => {
      if (contactErasure !== null) navigate(`/contacts/erasures/${encodeURIComponent(contactErasure.id)}`);
    },
  });
  return (
    <DialogForm
      act="Erase for good"
      color="red"
      pending={isPending}
      ready={typed.replaceAll(' ', '') === number}
      error={error}
      refusal={refusals[0]?.message}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="Nobody can bring this back">
        Do it when {name ?? 'the person'} asks to be forgotten. To tidy up, delete the contact instead.
      </Alert>
      <List size="sm" spacing={4}>
        <List.Item>Gone, here and at the carrier: name, number, texts of messages and calls, and evidence of consent.</List.Item>
        <List.Item>What waits to be sent is canceled.</List.Item>
        <List.Item>What was counted and billed stays, without number and text.</List.Item>
        <List.Item>If they opted out, their number stays on that list, so that nobody writes to them again.</List.Item>
      </List>
      <TextInput
        label={`Type ${number} to confirm`}
        type="tel"
        required
        data-autofocus
        autoComplete="off"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}
