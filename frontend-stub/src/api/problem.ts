/** Why a request brought no answer, told so that a person can act on it. */
export type ProblemKind = 'offline' | 'refused' | 'limited' | 'server' | 'signed-out';

const SENTENCES: Record<ProblemKind, string> = {
  offline: 'The portal cannot be reached. Check your connection, then try again.',
  refused: 'Your role does not allow this. The owner of your account can change it.',
  limited: 'That was too much at once. Wait a moment, then try again.',
  server: 'Something went wrong on our side. Nothing you entered is lost: try again in a moment.',
  'signed-out': 'You have been signed out. We are taking you to the sign-in page.',
};

export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly requestId: string | null;

  constructor(kind: ProblemKind, requestId: string | null = null, sentence = SENTENCES[kind]) {
    super(sentence);
    this.name = 'Problem';
    this.kind = kind;
    this.requestId = requestId;
  }
}
