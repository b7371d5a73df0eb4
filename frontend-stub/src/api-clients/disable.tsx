import { request } from '../api/client';
import { ApiClientDisableDocument } from '../generated/operations';
import { Question } from '../parts/question';
import type { ApiClient } from './queries';

/** Asks before a client stops for good. */
export function DisableApiClient({ client, onClose }: { client: ApiClient | null; onClose: () => void }) {
  return (
    <Question
      about={client}
      title="Disable this API client?"
      stay="Keep it"
      act="Disable"
      ask={async ({ id }) => (await request(ApiClientDisableDocument, { id })).apiClientDisable}
      touches={['api-clients']}
      onClose={onClose}
    >
      {({ name }) => (
        <>
          <b>{name}</b> stops at once and for good: its secrets and tokens are good for nothing. What it did stays in the
          log.
        </>
      )}
    </Question>
  );
}
