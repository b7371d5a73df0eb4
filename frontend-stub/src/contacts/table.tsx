import { ActionIcon, Anchor, Badge, Card, Checkbox, Group, Table, Text } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'wouter';

import type { Contact } from '../api/queries';
import { inWords } from '../parts/words';
import { ContactForm } from './contact-form';
import { DeleteContact } from './delete-contact';
import { OptedOut } from './opted-out';
import { Selected } from './selected';

interface ContactTableProps {
  contacts: readonly Contact[];
  mayWrite: boolean;
}

/** A page of contacts; those that are ticked can be tagged or merged. */
export function ContactTable({ contacts, mayWrite }: ContactTableProps) {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<{ what: 'edit' | 'delete'; about: Contact } | null>(null);
  const done = () => {
    setAsked(null);
  };
  const chosen = contacts.filter(({ id }) => ticked.has(id));
  const all = chosen.length === contacts.length;
  return (
    <>
      {mayWrite && (
        <Selected
          chosen={chosen}
          onClear={() => {
            setTicked(new Set());
          }}
        />
      )}
      <Card padding={0}>
        <Table aria-label="Contacts" horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              {mayWrite && (
                <Table.Th w={36}>
                  <Checkbox
                    aria-label="Choose all on this page"
                    checked={all}
                    indeterminate={chosen.length > 0 && !all}
                    onChange={() => {
                      setTicked(new Set(all ? [] : contacts.map(({ id }) => id)));
                    }}
                  />
                </Table.Th>
              )}
              <Table.Th>Name</Table.Th>
              <Table.Th visibleFrom="sm">Number</Table.Th>
              <Table.Th visibleFrom="md">Details</Table.Th>
              {mayWrite && <Table.Th ta="right">Actions</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {contacts.map((contact) => (
              <Row
                key={contact.id}
                contact={contact}
                mayWrite={mayWrite}
                ticked={ticked.has(contact.id)}
                onTick={() => {
                  setTicked((old) => new Set(old.has(contact.id) ? [...old].filter((id) => id !== contact.id) : [...old, contact.id]));
                }}
                onAsk={(what) => {
                  setAsked({ what, about: contact });
                }}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <ContactForm key={asked?.about.id ?? ''} opened={asked?.what === 'edit'} contact={asked?.about ?? null} onClose={done} />
      <DeleteContact contact={asked?.what === 'delete' ? asked.about : null} onClose={done} />
    </>
  );
}

interface RowProps {
  contact: Contact;
  mayWrite: boolean;
  ticked: boolean;
  onTick: () => void;
  onAsk: (what: 'edit' | 'delete') => void;
}

function Row({ contact, mayWrite, ticked, onTick, onAsk }: RowProps) {
  const called = contact.name ?? contact.number;
  return (
    <Table.Tr>
      {mayWrite && (
        <Table.Td>
          <Checkbox aria-label={`Choose ${called}`} checked={ticked} onChange={onTick} />
        </Table.Td>
      )}
      <Table.Td>
        <Who contact={contact} />
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" className="numbers">
          {contact.number}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="md" maw={280}>
        <Text size="sm" c="dimmed" truncate>
          {Object.entries(contact.fields)
            .map(([name, value]) => `${inWords(name)}: ${String(value)}`)
            .join(' · ')}
        </Text>
      </Table.Td>
      {mayWrite && (
        <Table.Td>
          <Group gap={4} justify="flex-end" wrap="nowrap">
            <ActionIcon
              variant="subtle"
              size="lg"
              aria-label={`Edit ${called}`}
              onClick={() => {
                onAsk('edit');
              }}
            >
              <IconPencil size={18} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="red"
              size="lg"
              aria-label={`Delete ${called}`}
              onClick={() => {
                onAsk('delete');
              }}
            >
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function Who({ contact }: { contact: Contact }) {
  const [, setParams] = useSearchParams();
  return (
    <>
      <Group gap="xs">
        <Anchor
          component="button"
          type="button"
          size="sm"
          fw={550}
          ta="left"
          aria-haspopup="dialog"
          onClick={() => {
            setParams((old) => {
              old.set('contact', contact.id);
              return old;
            });
          }}
        >
          {contact.name ?? 'No name'}
        </Anchor>
        <OptedOut contact={contact} />
      </Group>
      <Text size="xs" c="dimmed" hiddenFrom="sm" className="numbers">
        {contact.number}
      </Text>
      {contact.tags.length > 0 && (
        <Group gap={4} mt={4} role="list" aria-label="Tags">
          {contact.tags.map(({ id, name }) => (
            <Badge key={id} role="listitem" size="sm" color="petrol">
              {name}
            </Badge>
          ))}
        </Group>
      )}
    </>
  );
}
