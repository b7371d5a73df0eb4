import type { ConversationRow } from './queries';

type With = Pick<ConversationRow, 'contact' | 'recipient'>;

/** The number that a conversation is with, as far as one may see it. */
export function numberOf({ recipient }: With): string {
  return recipient?.number ?? recipient?.maskedNumber ?? 'Unknown number';
}

/** What whoever wrote is called: by name, or else by number. */
export function calledOf(conversation: With): string {
  return conversation.contact?.name ?? numberOf(conversation);
}
