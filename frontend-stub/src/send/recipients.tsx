import { Badge, Button, Group, MultiSelect, Stack, Text } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconUserPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { type Contact, contactsQuery } from '../api/queries';
import { ContactForm } from '../contacts/contact-form';
import { Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';

interface RecipientsProps {
  chosen: readonly Contact[];
  details: readonly string[];
  onChange: (contacts: Contact[]) => void;
}

/** Who gets it: contacts found on the server while one types, or a new one. */
export function Recipients({ chosen, details, onChange }: RecipientsProps) {
  const [search, setSearch] = useState('');
  const [wanted] = useDebouncedValue(search.trim(), 200);
  const { data, error, refetch, isFetching } = useQuery(
    contactsQuery({ first: 20, filter: wanted === '' ? null : { search: wanted } }),
  );
  const [adding, { open, close }] = useDisclosure(false);
  const mayAdd = useMay('CONTACTS_WRITE');
  const found = data?.contacts?.nodes ?? [];
  const known = new Map([...found, ...chosen].map((contact) => [contact.id, contact]));
  return (
    <Stack gap="sm">
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      <MultiSelect
        label="Contacts"
        placeholder={chosen.length === 0 ? 'Search by name or number' : ''}
        data={[...known.values()].map(({ id, name, number }) => ({ value: id, label: name ?? number }))}
        value={chosen.map(({ id }) => id)}
        onChange={(ids) => {
          onChange(ids.flatMap((id) => known.get(id) ?? []));
        }}
        searchable
        hidePickedOptions
        clearable
        clearButtonProps={{ 'aria-label': 'Remove all recipients' }}
        searchValue={search}
        onSearchChange={setSearch}
        filter={({ options }) => options} // the server has filtered already
        nothingFoundMessage={isFetching ? 'Searching…' : 'Nobody found. Add a new contact below.'}
        renderOption={({ option }) => <Option contact={known.get(option.value)} />}
        maxDropdownHeight={280}
      />
      {mayAdd && (
        <Group>
          <Button variant="light" size="sm" leftSection={<IconUserPlus size={16} aria-hidden />} onClick={open}>
            New contact
          </Button>
        </Group>
      )}
      <ContactForm
        opened={adding}
        contact={null}
        details={details}
        onClose={close}
        onSaved={(contact) => {
          onChange([...chosen, contact]);
        }}
      />
    </Stack>
  );
}

function Option({ contact }: { contact: Contact | undefined }) {
  if (contact === undefined) return null;
  return (
    <Group justify="space-between" wrap="nowrap" w="100%">
      <div>
        <Text size="sm" fw={550}>
          {contact.name ?? 'No name'}
        </Text>
        <Text size="xs" c="dimmed" className="numbers">
          {contact.number}
        </Text>
      </div>
      {contact.suppression !== null && <Badge color="orange">Opted out</Badge>}
    </Group>
  );
}
