import { request } from '../api/client';
import type { Contact } from '../api/queries';
import { ContactDeleteDocument } from '../generated/operations';
import { Question } from '../parts/question';

/** Asks before a contact is gone. */
export function DeleteContact({ contact, onClose }: { contact: Contact | null; onClose: () => void }) {
  return (
    <Question
      about={contact}
      title="Delete this contact?"
      stay="Keep it"
      act="Delete"
      ask={async ({ id }) => (await request(ContactDeleteDocument, { id })).contactDelete}
      touches={['contacts']}
      onClose={onClose}
    >
      {({ name, number }) => (
        <>
          <b>{name ?? number}</b> leaves your contacts. Messages that you have sent stay in the log.
        </>
      )}
    </Question>
  );
}
