import { ActionIcon, Alert, Button, Fieldset, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { request } from '../api/client';
import { type Contact, queryClient } from '../api/queries';
import { errorsByField } from '../api/user-errors';
import { ContactCreateDocument, ContactUpdateDocument } from '../generated/operations';
import { Trouble } from '../parts/trouble';
import { OF_CONTACTS } from './queries';

interface ContactFormProps {
  opened: boolean;
  contact: Contact | null;
  /** The number of a new contact, where it is known. */
  number?: string;
  /** The details that a new contact is asked for: what the chosen text needs. */
  details?: readonly string[];
  onClose: () => void;
  onSaved?: (contact: Contact) => void;
}

/** A new contact, or changes to one, in a dialog. */
export function ContactForm({ opened, contact, number = '', details = [], onClose, onSaved }: ContactFormProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{contact === null ? 'New contact' : 'Edit contact'}</Text>}>
      <Fields
        contact={contact}
        given={number}
        asked={details.filter((name) => name !== 'name')}
        onClose={onClose}
        onSaved={(saved) => {
          for (const name of OF_CONTACTS) void queryClient.invalidateQueries({ queryKey: [name] });
          notifications.show({ color: 'green', title: saved.name ?? saved.number, message: 'The contact is saved.' });
          onSaved?.(saved);
          onClose();
        }}
      />
    </Modal>
  );
}

type Detail = readonly [name: string, value: string];

interface FieldsProps extends Pick<ContactFormProps, 'contact' | 'onClose'> {
  given: string;
  asked: readonly string[];
  onSaved: (contact: Contact) => void;
}

function Fields({ contact, given, asked, onClose, onSaved }: FieldsProps) {
  const [name, setName] = useState(contact?.name ?? '');
  const [number, setNumber] = useState(contact?.number ?? given);
  const [details, setDetails] = useState<Detail[]>(() =>
    contact === null ? asked.map((key) => [key, '']) : Object.entries(contact.fields).map(([key, value]) => [key, String(value)]),
  );
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () =>
      save(contact, {
        name: name.trim() === '' ? null : name.trim(),
        number: number.trim(),
        fields: Object.fromEntries(details.filter(([key, value]) => key.trim() !== '' && value.trim() !== '')),
      }),
    onSuccess: (payload) => {
      if (payload?.contact != null) onSaved(payload.contact);
    },
  });
  const problems = errorsByField(data?.errors ?? [], ['name', 'number', 'fields'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    event.stopPropagation(); // the dialog may stand inside another form
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        {problems.form !== undefined && (
          <Alert color="red" role="alert">
            {problems.form}
          </Alert>
        )}
        <TextInput
          label="Name"
          data-autofocus
          autoComplete="off"
          value={name}
          error={problems.name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <TextInput
          label="Mobile number"
          description="With the country code, such as +1 415 555 2671"
          type="tel"
          required
          autoComplete="off"
          value={number}
          error={problems.number}
          onChange={(event) => {
            setNumber(event.currentTarget.value);
          }}
        />
        <Details details={details} error={problems.fields} onChange={setDetails} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={number.trim() === ''}>
            {contact === null ? 'Add contact' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface DetailsProps {
  details: readonly Detail[];
  error: string | undefined;
  onChange: (details: Detail[]) => void;
}

function Details({ details, error, onChange }: DetailsProps) {
  const change = (at: number, detail: Detail) => {
    onChange(details.map((old, index) => (index === at ? detail : old)));
  };
  return (
    <Fieldset legend="Details that fill your templates">
      <Stack gap="xs">
        {details.map(([key, value], index) => (
          <Group key={index} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              aria-label={`Name of detail ${index + 1}`}
              placeholder="first_name"
              value={key}
              flex={1}
              onChange={(event) => {
                change(index, [event.currentTarget.value, value]);
              }}
            />
            <TextInput
              aria-label={`Value of ${key === '' ? `detail ${index + 1}` : key}`}
              value={value}
              flex={1}
              onChange={(event) => {
                change(index, [key, event.currentTarget.value]);
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove ${key === '' ? `detail ${index + 1}` : key}`}
              onClick={() => {
                onChange(details.filter((_, other) => other !== index));
              }}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        {error !== undefined && (
          <Text size="sm" c="red" role="alert">
            {error}
          </Text>
        )}
        <Group>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => {
              onChange([...details, ['', '']]);
            }}
          >
            Add a detail
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}

async function save(contact: Contact | null, input: { name: string | null; number: string; fields: Record<string, string> }) {
  if (contact === null) return (await request(ContactCreateDocument, { input })).contactCreate;
  return (await request(ContactUpdateDocument, { id: contact.id, input })).contactUpdate;
}
