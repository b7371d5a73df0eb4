import { Select, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { type Contact, contactsQuery } from '../api/queries';

interface ContactChoiceProps {
  label: string;
  description?: string;
  chosen: Contact | null;
  error?: string | undefined;
  onChange: (contact: Contact | null) => void;
}

/** One contact, found on the server while one types. */
export function ContactChoice({ label, description, chosen, error, onChange }: ContactChoiceProps) {
  const [search, setSearch] = useState('');
  const typed = chosen !== null && search === nameOf(chosen) ? '' : search.trim();
  const [wanted] = useDebouncedValue(typed, 200);
  const { data, isFetching } = useQuery(contactsQuery({ first: 20, filter: wanted === '' ? null : { search: wanted } }));
  const known = new Map([...(data?.contacts?.nodes ?? []), ...(chosen === null ? [] : [chosen])].map((contact) => [contact.id, contact]));
  return (
    <Select
      label={label}
      description={description}
      placeholder="Search by name or number"
      data={[...known.values()].map((contact) => ({ value: contact.id, label: nameOf(contact) }))}
      value={chosen?.id ?? null}
      error={error}
      onChange={(id) => {
        onChange(id === null ? null : (known.get(id) ?? null));
      }}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': `Clear ${label}` }}
      searchValue={search}
      onSearchChange={setSearch}
      filter={({ options }) => options} // the server has filtered already
      renderOption={({ option }) => <Option contact={known.get(option.value)} />}
      openOnFocus={false} // its list would lie over the buttons of a dialog
      nothingFoundMessage={isFetching ? 'Searching…' : 'Nobody found'}
      maxDropdownHeight={280}
    />
  );
}

function Option({ contact }: { contact: Contact | undefined }) {
  if (contact === undefined) return null;
  return (
    <div>
      {nameOf(contact)}
      <Text size="xs" c="dimmed" className="numbers">
        {contact.number}
      </Text>
    </div>
  );
}

function nameOf({ name, number }: Contact): string {
  return name ?? number;
}
