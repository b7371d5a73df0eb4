import { FileInput, Modal, NativeSelect, TagsInput, Text } from '@mantine/core';
import { IconFileTypeCsv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';

import { useChange } from '../api/changes';
import { tagsQuery } from '../contacts/queries';
import type { OnDuplicate, UnknownHeaders, UploadPurpose } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { check, type Manner } from './file';
import { DUPLICATES, PURPOSES, UNKNOWN_HEADERS } from './words';

const HEADERS: Record<UploadPurpose, string> = {
  CONTACTS: 'The first row names the columns: number, name, tags, consent, and details of your own. At most 100,000 rows.',
  SUPPRESSIONS: 'The first row names the columns: one is “number”, the others are left out. At most 100,000 rows.',
};

interface StartImportProps {
  purpose: UploadPurpose;
  opened: boolean;
  onClose: () => void;
}

/** Takes a file and has it looked through, in a dialog; ends at what would become of its rows. */
export function StartImport({ purpose, opened, onClose }: StartImportProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{PURPOSES[purpose].title}</Text>}>
      <Form purpose={purpose} onClose={onClose} />
    </Modal>
  );
}

function Form({ purpose, onClose }: Omit<StartImportProps, 'opened'>) {
  const [, navigate] = useLocation();
  const [file, setFile] = useState<File | null>(null);
  const [manner, setManner] = useState<Manner>({ tags: [], onDuplicate: 'UPDATE', unknownHeaders: 'FIELDS' });
  const { mutate, refusals, error, isPending } = useChange((chosen: File) => check(purpose, chosen, manner), {
    touches: ['imports'],
    onDone: ({ id, load }) => {
      if (id !== null) navigate(`/contacts/imports/${encodeURIComponent(id)}`, { state: load });
    },
  });
  return (
    <DialogForm
      act="Check the file"
      pending={isPending}
      ready={file !== null}
      error={error}
      refusal={refusals.length === 0 ? undefined : refusals.map(({ message }) => message).join(' ')}
      onSubmit={() => {
        if (file !== null) mutate(file);
      }}
      onClose={onClose}
    >
      <FileInput
        label="CSV file"
        description={HEADERS[purpose]}
        placeholder="Choose a file"
        accept=".csv,text/csv,text/plain"
        leftSection={<IconFileTypeCsv size={18} aria-hidden />}
        required
        clearable
        clearButtonProps={{ 'aria-label': 'Choose no file' }}
        value={file}
        onChange={setFile}
      />
      {purpose === 'CONTACTS' && <Choices manner={manner} onChange={setManner} />}
      <Text size="sm" c="dimmed">
        Nothing is changed yet: first you see what would become of each row.
        {purpose === 'SUPPRESSIONS' && ' Once imported, these numbers get no messages; you cannot take that back.'}
      </Text>
    </DialogForm>
  );
}

function Choices({ manner, onChange }: { manner: Manner; onChange: (manner: Manner) => void }) {
  const { data: known = [] } = useQuery(tagsQuery);
  return (
    <>
      <TagsInput
        label="Tags for all of them"
        description="Choose, or write a new one and press Enter."
        data={known.map(({ name }) => name)}
        value={manner.tags}
        acceptValueOnBlur
        openOnFocus={false} // its list would lie over the buttons
        onChange={(tags) => {
          onChange({ ...manner, tags });
        }}
      />
      <NativeSelect
        label="Contacts you have already"
        description="What is empty in the file stays as it is."
        data={optionsOf(DUPLICATES)}
        value={manner.onDuplicate}
        onChange={(event) => {
          onChange({ ...manner, onDuplicate: event.currentTarget.value as OnDuplicate });
        }}
      />
      <NativeSelect
        label="Columns with other names"
        description="Details fill the variables of your templates."
        data={optionsOf(UNKNOWN_HEADERS)}
        value={manner.unknownHeaders}
        onChange={(event) => {
          onChange({ ...manner, unknownHeaders: event.currentTarget.value as UnknownHeaders });
        }}
      />
    </>
  );
}

function optionsOf(words: Readonly<Record<string, string>>) {
  return Object.entries(words).map(([value, label]) => ({ value, label }));
}
