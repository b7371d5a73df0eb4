import { request } from '../api/client';
import type { Template } from '../api/queries';
import { TemplateArchiveDocument } from '../generated/operations';
import { Question } from '../parts/question';

/** Asks before a template is put away. */
export function ArchiveTemplate({ template, onClose }: { template: Template | null; onClose: () => void }) {
  return (
    <Question
      about={template}
      title="Archive this template?"
      stay="Keep it"
      act="Archive"
      color="petrol"
      ask={async ({ id }) => (await request(TemplateArchiveDocument, { id })).templateArchive}
      touches={['templates']}
      onClose={onClose}
    >
      {({ name }) => (
        <>
          <b>{name}</b> can no longer be sent. Messages that were sent with it keep their text.
        </>
      )}
    </Question>
  );
}
