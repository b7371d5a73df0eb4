import { ActionIcon, Badge, Button, Card, EmptyState, Group, Stack, Table, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAddressBook, IconPencil, IconTrash, IconUserPlus, IconUserSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import { type Contact, contactsQuery } from '../api/queries';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Search } from '../parts/search';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { useMay } from '../session/viewer';
import { ContactForm } from './contact-form';
import { DeleteContact } from './delete-contact';
import { OPTED_OUT } from './opted-out';
import { SuppressionList } from './suppression-list';

/** The people that a company writes to, and the numbers that want to hear nothing. */
export function ContactsPage({ part = 'people' }: { part: string | undefined }) {
  const mayWrite = useMay('CONTACTS_WRITE');
  const [, navigate] = useLocation();
  const [edited, setEdited] = useState<Contact | null>(null);
  const [form, { open, close }] = useDisclosure(false);
  const edit = (contact: Contact | null) => {
    setEdited(contact);
    open();
  };
  return (
    <Page
      title="Contacts"
      lead="The people you write to, with the details that fill your templates."
      actions={
        mayWrite && (
          <Button
            leftSection={<IconUserPlus size={18} aria-hidden />}
            onClick={() => {
              edit(null);
            }}
          >
            New contact
          </Button>
        )
      }
    >
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'opted-out' ? '/contacts/opted-out' : '/contacts');
        }}
      >
        <Tabs.List aria-label="Parts">
          <Tabs.Tab value="people">People</Tabs.Tab>
          <Tabs.Tab value="opted-out">Opted out</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people" pt="lg">
          <People mayWrite={mayWrite} onEdit={edit} />
        </Tabs.Panel>
        <Tabs.Panel value="opted-out" pt="lg">
          <SuppressionList mayWrite={mayWrite} />
        </Tabs.Panel>
      </Tabs>
      <ContactForm key={edited?.id ?? 'new'} opened={form} contact={edited} onClose={close} />
    </Page>
  );
}

function People({ mayWrite, onEdit }: Omit<ContactListProps, 'search'>) {
  const [params] = useSearchParams();
  return (
    <Stack gap="lg">
      <Search label="Search contacts" placeholder="Search by name or number" />
      <ContactList search={params.get('search') ?? ''} mayWrite={mayWrite} onEdit={onEdit} />
    </Stack>
  );
}

interface ContactListProps {
  search: string;
  mayWrite: boolean;
  onEdit: (contact: Contact | null) => void;
}

function ContactList({ search, mayWrite, onEdit }: ContactListProps) {
  const page = usePage(25);
  const { data, error, refetch } = useQuery(contactsQuery({ ...page, sort: { field: 'NAME', direction: 'ASCENDING' }, filter: search === '' ? null : { search } }));
  const [doomed, setDoomed] = useState<Contact | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.contacts ?? {};
  if (nodes.length === 0) return <Nobody search={search} mayWrite={mayWrite} onEdit={onEdit} />;
  return (
    <Stack>
      <Card padding={0}>
        <Table aria-label="Contacts" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th visibleFrom="sm">Number</Table.Th>
              <Table.Th visibleFrom="md">Details</Table.Th>
              {mayWrite && <Table.Th ta="right">Actions</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {nodes.map((contact) => (
              <Row key={contact.id} contact={contact} mayWrite={mayWrite} onEdit={onEdit} onDelete={setDoomed} />
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {pageInfo !== undefined && <Pager info={pageInfo} back="Previous" forward="Next" />}
      <DeleteContact
        contact={doomed}
        onClose={() => {
          setDoomed(null);
        }}
      />
    </Stack>
  );
}

interface RowProps extends Omit<ContactListProps, 'search'> {
  contact: Contact;
  onDelete: (contact: Contact) => void;
}

function Row({ contact, mayWrite, onEdit, onDelete }: RowProps) {
  const called = contact.name ?? contact.number;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Text size="sm" fw={550}>
            {contact.name ?? 'No name'}
          </Text>
          <OptedOut contact={contact} />
        </Group>
        <Text size="xs" c="dimmed" hiddenFrom="sm" className="numbers">
          {contact.number}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" className="numbers">
          {contact.number}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="md" maw={320}>
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
                onEdit(contact);
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
                onDelete(contact);
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

function OptedOut({ contact: { suppression } }: { contact: Contact }) {
  const clock = useClock();
  if (suppression === null) return null;
  return (
    <Badge color="orange" title={`Since ${clock.day(suppression.since)}: ${OPTED_OUT[suppression.source]}`}>
      Opted out
    </Badge>
  );
}

function Nobody({ search, mayWrite, onEdit }: ContactListProps) {
  const searched = search !== '';
  return (
    <EmptyState
      icon={searched ? <IconUserSearch aria-hidden /> : <IconAddressBook aria-hidden />}
      title={searched ? `Nobody matches “${search}”` : 'No contacts yet'}
      description={searched ? 'Try a part of the name or the number.' : 'Add the people that you want to reach.'}
    >
      <EmptyState.Actions>
        {mayWrite && (
          <Button
            onClick={() => {
              onEdit(null);
            }}
          >
            {searched ? 'Add a new contact' : 'Add the first contact'}
          </Button>
        )}
      </EmptyState.Actions>
    </EmptyState>
  );
}
