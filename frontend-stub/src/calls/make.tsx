import { Modal, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import type { Contact } from '../api/queries';
import { errorsByField, isAnswered } from '../api/user-errors';
import { CallMakeDocument } from '../generated/operations';
import { SenderChoice } from '../numbers/sender-choice';
import { type Speech, SpeechFields } from '../numbers/speech';
import { ContactChoice } from '../parts/contact-choice';
import { DialogForm } from '../parts/dialog-form';
import { useMay } from '../session/viewer';

interface MakeCallProps {
  /** Whom to call, where it is known. */
  whom?: Contact;
  onClose: () => void;
}

/** Calls somebody and reads a text out. */
export function MakeCall({ opened, ...rest }: MakeCallProps & { opened: boolean }) {
  return (
    <Modal opened={opened} onClose={rest.onClose} title={<Text fw={650}>Call somebody</Text>}>
      {opened && <Form {...rest} />}
    </Modal>
  );
}

function Form({ whom: known, onClose }: MakeCallProps) {
  const mayReadContacts = useMay('CONTACTS_READ');
  const mayReadNumbers = useMay('NUMBERS_READ');
  const [contact, setContact] = useState<Contact | null>(known ?? null);
  const [number, setNumber] = useState('');
  const [speech, setSpeech] = useState<Speech>({ announcement: '', language: 'EN_US' });
  const [senderId, setSender] = useState<string | null>(null);
  const [idempotencyKey, setKey] = useState(() => crypto.randomUUID());
  const whom = contact === null ? { number: number.trim() } : { contactId: contact.id };
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const outcome = (await request(CallMakeDocument, { input: { idempotencyKey, ...whom, ...speech, senderId } })).callMake;
      if (isAnswered(outcome)) setKey(crypto.randomUUID());
      return outcome;
    },
    {
      touches: ['calls', 'limits'],
      onDone: () => {
        notifications.show({ color: 'green', title: 'The phone will ring', message: 'The call is made in a moment; the list shows what becomes of it.' });
        onClose();
      },
    },
  );
  const problems = errorsByField(refusals, ['contactId', 'number', 'announcement', 'senderId'] as const);
  return (
    <DialogForm
      act="Call"
      pending={isPending}
      ready={(contact !== null || number.trim() !== '') && speech.announcement.trim() !== ''}
      error={error}
      refusal={problems.form}
      onSubmit={() => {
        mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm">Whoever answers hears your text, read out by a voice. What the call may cost counts towards your spend cap.</Text>
      {mayReadContacts && <ContactChoice label="Contact" chosen={contact} error={problems.contactId} onChange={setContact} />}
      {contact === null && (
        <TextInput
          label={mayReadContacts ? 'Or a number' : 'Number'}
          description="With the country code, such as +1 415 555 2671"
          type="tel"
          autoComplete="off"
          value={number}
          error={problems.number}
          onChange={(event) => {
            setNumber(event.currentTarget.value);
          }}
        />
      )}
      <SpeechFields
        label="What is read out"
        description="Say who is calling first, and keep it short"
        required
        speech={speech}
        problem={problems.announcement}
        onChange={setSpeech}
      />
      {mayReadNumbers && <SenderChoice able="VOICE" chosen={senderId} error={problems.senderId} onChange={setSender} />}
    </DialogForm>
  );
}
