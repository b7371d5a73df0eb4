import { Button, Group } from '@mantine/core';
import { IconArrowsJoin, IconEraser, IconPencil, IconPhone, IconTag, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { MakeCall } from '../calls/make';
import { useMay } from '../session/viewer';
import { RecordConsent } from './consent';
import { ContactForm } from './contact-form';
import { DeleteContact } from './delete-contact';
import { EraseContact } from './erase';
import { MergeContacts } from './merge';
import { contactQuery } from './queries';
import { TagContacts } from './tag-contacts';

/** What can be asked of a contact. */
export type Action = 'edit' | 'tag' | 'consent' | 'merge' | 'call' | 'delete' | 'erase';

/** What can be done with a contact. */
export function Actions({ onAsk }: { onAsk: (action: Action) => void }) {
  const mayWrite = useMay('CONTACTS_WRITE');
  const mayCall = useMay('MESSAGES_SEND');
  const button = (action: Action, label: string, Icon: typeof IconTag, color?: string) => (
    <Button
      size="xs"
      variant={color === undefined ? 'default' : 'subtle'}
      {...(color !== undefined && { color })}
      leftSection={<Icon size={14} aria-hidden />}
      onClick={() => {
        onAsk(action);
      }}
    >
      {label}
    </Button>
  );
  return (
    <Group gap="xs">
      {mayCall && button('call', 'Call', IconPhone)}
      {mayWrite && (
        <>
          {button('edit', 'Edit', IconPencil)}
          {button('tag', 'Tag', IconTag)}
          {button('merge', 'Merge', IconArrowsJoin)}
          {button('delete', 'Delete', IconTrash, 'red')}
          {button('erase', 'Erase the person', IconEraser, 'red')}
        </>
      )}
    </Group>
  );
}

interface AskedProps {
  id: string;
  action: Action | null;
  onClose: () => void;
  /** The contact is no more: what to show instead. */
  onNext: (id: string | null) => void;
}

/** The dialog of what was asked of a contact. */
export function Asked({ id, action, onClose, onNext }: AskedProps) {
  const { data } = useQuery(contactQuery(id));
  const contact = data?.contact ?? null;
  if (contact === null) return null;
  return (
    <>
      <ContactForm key={contact.updatedAt} opened={action === 'edit'} contact={contact} onClose={onClose} />
      <TagContacts contacts={action === 'tag' ? [contact] : []} onClose={onClose} />
      <RecordConsent contact={action === 'consent' ? contact : null} onClose={onClose} />
      <MergeContacts about={action === 'merge' ? contact : null} onDone={onNext} onClose={onClose} />
      <MakeCall opened={action === 'call'} whom={contact} onClose={onClose} />
      <DeleteContact contact={action === 'delete' ? contact : null} onClose={onClose} onDone={() => { onNext(null); }} />
      <EraseContact contact={action === 'erase' ? contact : null} onClose={onClose} />
    </>
  );
}
