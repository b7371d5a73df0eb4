import { request } from '../api/client';
import type { Contact } from '../api/queries';
import { ContactDeleteDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { OF_CONTACTS } from './queries';

interface DeleteContactProps {
  contact: Contact | null;
  onClose: () => void;
  onDone?: () => void;
}

/** Asks before a contact is gone. */
export function DeleteContact({ contact, onClose, ...rest }: DeleteContactProps) {
  return (
    <Question
      about={contact}
      title="Delete this contact?"
      stay="Keep it"
      act="Delete"
      ask={async ({ id }) => (await request(ContactDeleteDocument, { id })).contactDelete}
      touches={OF_CONTACTS}
      onClose={onClose}
      {...rest}
    >
      {({ name, number }) => (
        <>
          <b>{name ?? number}</b> leaves your contacts. Messages that you have sent stay in the log.
        </>
      )}
    </Question>
  );
}
