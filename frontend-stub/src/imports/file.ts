import { request } from '../api/client';
import { Problem } from '../api/problem';
import type { UserError } from '../api/user-errors';
import {
  ContactImportStartDocument,
  type OnDuplicate,
  SuppressionImportStartDocument,
  type UnknownHeaders,
  UploadCreateDocument,
  type UploadPurpose,
} from '../generated/operations';

/** How the rows of a file are brought in. */
export interface Manner {
  tags: string[];
  onDuplicate: OnDuplicate;
  unknownHeaders: UnknownHeaders;
}

/** A file that was put in its place, and how its rows are brought in: what an import can be started with. */
export interface Load extends Manner {
  purpose: UploadPurpose;
  uploadId: string;
}

interface Started {
  id: string | null;
  errors: readonly UserError[];
}

/** Put a file in its place, and have it looked through: nothing is changed by that. */
export async function check(purpose: UploadPurpose, file: File, manner: Manner): Promise<(Started & { load: Load | null }) | null> {
  const { uploadCreate } = await request(UploadCreateDocument, { input: { purpose, name: file.name, size: file.size } });
  if (uploadCreate === null) return null;
  const { uploadId, url, errors } = uploadCreate;
  if (uploadId === null || url === null) return { id: null, load: null, errors };
  const refusal = await put(url, file);
  if (refusal !== null) return { id: null, load: null, errors: [{ message: refusal, path: null }] };
  const load = { purpose, uploadId, ...manner };
  const started = await start(load, true);
  return started === null ? null : { ...started, load };
}

/** Start an import, or only a look at what would become of the rows. */
export async function start({ purpose, uploadId, ...manner }: Load, dryRun: boolean): Promise<Started | null> {
  // The same file is brought in once, however often the button is pressed.
  const idempotencyKey = `${uploadId} ${dryRun ? crypto.randomUUID() : 'import'}`;
  const what = { uploadId, dryRun, idempotencyKey };
  const outcome =
    purpose === 'CONTACTS'
      ? (await request(ContactImportStartDocument, { input: { ...what, ...manner } })).contactImport
      : (await request(SuppressionImportStartDocument, { input: what })).suppressionImport;
  return outcome === null ? null : { id: outcome.contactImport?.id ?? null, errors: outcome.errors };
}

/** Why the file was not taken, or null where it was. */
async function put(url: string, file: File): Promise<string | null> {
  try {
    const response = await fetch(url, { method: 'PUT', body: file, credentials: 'omit' });
    return response.ok ? null : await response.text();
  } catch {
    throw new Problem('offline');
  }
}
