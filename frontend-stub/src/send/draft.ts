import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';

import { type Contact, templatesQuery, type Variable } from '../api/queries';
import type { ContactFilter, MessageEstimateInput, OnRefusal, RecipientsInput } from '../generated/operations';
import { instantOf, useZone } from '../parts/time';
import { inWords } from '../parts/words';
import { variablesIn, withExamples } from '../templates/text';
import { OWN_TEXT } from './template-choice';
import { unfilled } from './variables';

/** Whom a message is for: contacts by name, and others by what they have in common or by their numbers. */
export interface Audience {
  contacts: readonly Contact[];
  tagIds: readonly string[];
  everybody: Everybody;
  numbers: readonly string[];
}

/** Which contacts beside those that were named: none, all who want messages, or all who agreed to get them. */
export type Everybody = 'nobody' | 'wanting' | 'agreed';

const FILTERS: Readonly<Record<Everybody, ContactFilter | null>> = {
  nobody: null,
  wanting: { suppressed: false },
  agreed: { consent: 'GIVEN', suppressed: false },
};

/** How and when it goes out. */
export interface Manner {
  /** The time as the company's clocks show it; null: at once. */
  sendAt: string | null;
  respectQuietHours: boolean;
  smartEncoding: boolean;
  onRefusal: OnRefusal;
  senderId: string | null;
  topic: string | null;
}

const NOBODY: Audience = { contacts: [], tagIds: [], everybody: 'nobody', numbers: [] };
const AT_ONCE: Manner = {
  sendAt: null,
  respectQuietHours: true,
  smartEncoding: false,
  onRefusal: 'SEND_REST',
  senderId: null,
  topic: null,
};

export type Draft = ReturnType<typeof useDraft>;

/** What the person has entered so far, and the request that it makes. */
export function useDraft() {
  const zone = useZone();
  const [params] = useSearchParams();
  const [choice, choose] = useState(params.get('template'));
  const [ownText, write] = useState('');
  const [mediaUrls, attach] = useState<readonly string[]>([]);
  const [audience, address] = useState(NOBODY);
  const [manner, setManner] = useState(AT_ONCE);
  const [values, setValues] = useState<Record<string, string>>({});
  const { data } = useQuery(templatesQuery({ first: 50 }));
  const own = choice === OWN_TEXT;
  const template = data?.templates?.nodes.find(({ id }) => id === choice);
  const body = own ? ownText : (template?.current.body ?? '');
  const variables: readonly Variable[] = own
    ? variablesIn(ownText).map((name) => ({ name, example: inWords(name), default: null, required: true }))
    : (template?.current.variables ?? []);
  const given = variables.flatMap(({ name }) => {
    const value = values[name]?.trim() ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  const { sendAt, onRefusal, ...rest } = manner;
  const said = body.trim() !== '' || (own && mediaUrls.length > 0);
  const input: MessageEstimateInput | null =
    !said || isNobody(audience) || sendAt === ''
      ? null
      : {
          ...(own ? { body: ownText } : { templateId: template?.id ?? null }),
          ...(mediaUrls.length > 0 && { mediaUrls: [...mediaUrls] }),
          recipients: recipientsOf(audience),
          variables: Object.fromEntries(given),
          ...rest,
          sendAt: sendAt === null ? null : instantOf(sendAt, zone),
        };
  const sample = withExamples(body, variables);
  return {
    ...{ choice, choose, ownText, write, mediaUrls, attach, audience, address, manner, setManner, values, setValues },
    ...{ variables, input, onRefusal, sample, said },
  };
}

/** Whether nobody is named, in whatever way. */
export function isNobody({ contacts, ...others }: Audience): boolean {
  return contacts.length === 0 && !hasOthers(others);
}

/** Whether somebody may be among them whom the page does not know. */
export function hasOthers({ tagIds, everybody, numbers }: Omit<Audience, 'contacts'>): boolean {
  return tagIds.length > 0 || everybody !== 'nobody' || numbers.length > 0;
}

function recipientsOf({ contacts, tagIds, everybody, numbers }: Audience): RecipientsInput {
  return {
    ...(contacts.length > 0 && { contactIds: contacts.map(({ id }) => id) }),
    ...(tagIds.length > 0 && { tagIds: [...tagIds] }),
    ...(numbers.length > 0 && { numbers: [...numbers] }),
    ...(everybody !== 'nobody' && { filter: FILTERS[everybody] }),
  };
}

/** Why it cannot be sent yet; null: nothing is missing. */
export function whyNot({ said, audience, manner, variables, values }: Draft): string | null {
  if (!said) return 'Choose a message first';
  if (isNobody(audience)) return 'Choose who gets it';
  if (manner.sendAt === '') return 'Say when it goes out';
  const missing = hasOthers(audience) ? undefined : unfilled({ variables, contacts: audience.contacts, values });
  return missing === undefined ? null : `Fill in “${inWords(missing.name)}”`;
}
