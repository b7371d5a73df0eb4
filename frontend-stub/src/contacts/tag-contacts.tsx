import { Modal, SegmentedControl, TagsInput, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import type { Contact } from '../api/queries';
import { ContactUpdateDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { OF_CONTACTS, tagsQuery } from './queries';

interface TagContactsProps {
  /** Whom it is about; nobody while nothing is asked. */
  contacts: readonly Contact[];
  onClose: () => void;
}

/** Gives tags to contacts or takes them away, in a dialog. */
export function TagContacts({ contacts, onClose }: TagContactsProps) {
  return (
    <Modal opened={contacts.length > 0} onClose={onClose} title={<Text fw={650}>Tag contacts</Text>}>
      <Form contacts={contacts} onClose={onClose} />
    </Modal>
  );
}

function Form({ contacts, onClose }: TagContactsProps) {
  const { data: known = [] } = useQuery(tagsQuery);
  const [way, setWay] = useState('add');
  const [names, setNames] = useState<string[]>([]);
  const adding = way === 'add';
  const { mutate, refusals, error, isPending } = useChange(() => tag(contacts, names, adding), { touches: OF_CONTACTS, onDone: onClose });
  return (
    <DialogForm
      act={adding ? 'Add tags' : 'Take tags away'}
      pending={isPending}
      ready={names.length > 0}
      error={error}
      refusal={refusals[0]?.message}
      onSubmit={mutate}
      onClose={onClose}
    >
      <SegmentedControl
        aria-label="What to do"
        value={way}
        onChange={setWay}
        data={[
          { value: 'add', label: 'Add' },
          { value: 'remove', label: 'Take away' },
        ]}
      />
      <TagsInput
        label="Tags"
        description={adding ? 'Choose, or write a new one and press Enter.' : undefined}
        data={known.map(({ name }) => name)}
        value={names}
        onChange={setNames}
        acceptValueOnBlur
        openOnFocus={false} // its list would lie over the buttons
        data-autofocus
      />
    </DialogForm>
  );
}

/** One contact after the other: the first refusal stops it, and says whom it is about. */
async function tag(contacts: readonly Contact[], names: readonly string[], adding: boolean) {
  const meant = new Set(names.map((name) => name.toLowerCase()));
  for (const { id, name, number, tags } of contacts) {
    const others = tags.map((each) => each.name).filter((each) => !meant.has(each.toLowerCase()));
    const { contactUpdate } = await request(ContactUpdateDocument, { id, input: { tags: adding ? [...others, ...names] : others } });
    if (contactUpdate === null) return null;
    const [refusal] = contactUpdate.errors;
    if (refusal !== undefined) return { errors: [{ ...refusal, message: `${name ?? number}: ${refusal.message}` }] };
  }
  return { errors: [] };
}
