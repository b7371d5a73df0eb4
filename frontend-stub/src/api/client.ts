import type { TypedDocumentString } from '../generated/operations';
import { Problem, type ProblemKind } from './problem';

interface GraphQLProblem {
  message: string;
  extensions?: { code?: string; requestId?: string };
}

interface Answer<Result> {
  data?: Result | null;
  errors?: GraphQLProblem[];
  extensions?: { requestId?: string };
}

const KINDS: Record<string, ProblemKind> = {
  FORBIDDEN: 'refused',
  RATE_LIMITED: 'limited',
  COST_EXCEEDED: 'limited',
};

/** Send one operation with the session cookie; a missing session leads to the sign-in page. */
export async function request<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await post(JSON.stringify({ query: document.toString(), variables }), signal);
  const headerId = response.headers.get('x-request-id');
  if (response.status === 401) {
    goToSignIn();
    throw new Problem('signed-out', headerId);
  }
  const answer = await readAnswer<Result>(response, headerId);
  // A field that the role may not read is null beside the data that it may: only other errors void the answer.
  const error = answer.errors?.find(({ extensions }) => answer.data == null || extensions?.code !== 'FORBIDDEN');
  if (error === undefined && answer.data != null) return answer.data;
  const code = error?.extensions?.code ?? '';
  const requestId = error?.extensions?.requestId ?? answer.extensions?.requestId ?? headerId;
  const sentence = code === 'BAD_USER_INPUT' || code === 'NOT_FOUND' ? error?.message : undefined;
  throw new Problem(KINDS[code] ?? (response.status === 429 ? 'limited' : 'server'), requestId, sentence);
}

/** Where to sign in, and to come back to. */
export function goToSignIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?return_to=${encodeURIComponent(here)}`);
}

/** Work for another of the person's companies from now on. */
export async function switchTenant(tenant: string): Promise<void> {
  const response = await fetch('/session/tenant', {
    method: 'POST',
    body: new URLSearchParams({ tenant }),
    headers: { 'X-Portal-Request': '1' },
    credentials: 'same-origin',
    redirect: 'manual',
  });
  if (response.ok || response.type === 'opaqueredirect') window.location.assign('/');
  else throw new Problem('server', response.headers.get('x-request-id'));
}

async function post(body: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch('/graphql', {
      method: 'POST',
      body,
      headers: {
        Accept: 'application/graphql-response+json',
        'Content-Type': 'application/json',
        'X-Portal-Request': '1', // a form of another site cannot set it
      },
      credentials: 'same-origin',
      signal: signal ?? null,
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new Problem('offline');
  }
}

async function readAnswer<Result>(response: Response, requestId: string | null): Promise<Answer<Result>> {
  try {
    return (await response.json()) as Answer<Result>;
  } catch {
    throw new Problem('server', requestId);
  }
}
