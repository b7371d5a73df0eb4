import { request } from '../api/client';
import { MemberRemoveDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { useTenant } from '../session/viewer';
import type { Member } from './queries';

/** Asks before a member has to leave. */
export function RemoveMember({ member, onClose }: { member: Member | null; onClose: () => void }) {
  const tenant = useTenant();
  return (
    <Question
      about={member}
      title="Remove this member?"
      stay="Keep them"
      act="Remove"
      ask={async ({ id }) => (await request(MemberRemoveDocument, { id })).memberRemove}
      touches={['team']}
      onClose={onClose}
    >
      {({ person }) => (
        <>
          <b>{person.name}</b> leaves {tenant.name} at once, and API clients that they made stop. What they did stays in
          the log.
        </>
      )}
    </Question>
  );
}
