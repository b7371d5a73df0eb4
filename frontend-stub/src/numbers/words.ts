import type { NumberCapability, NumberKind, SpeechLanguage, VoiceAction } from '../generated/operations';
import type { OwnNumber } from './queries';

export const KINDS: Readonly<Record<NumberKind, string>> = {
  LOCAL: 'Local number',
  MOBILE: 'Mobile number',
  TOLL_FREE: 'Toll-free number',
  SHORT_CODE: 'Short code',
};

export const CAPABILITIES: Readonly<Record<NumberCapability, string>> = {
  SMS: 'Texts',
  MMS: 'Pictures',
  VOICE: 'Calls',
};

export const ACTIONS: Readonly<Record<VoiceAction, string>> = {
  FORWARD: 'Forward it to another number',
  ANNOUNCE: 'Read something out',
  REJECT: 'Reject it',
};

export const LANGUAGES: Readonly<Record<SpeechLanguage, string>> = {
  EN_US: 'English, American',
  EN_GB: 'English, British',
  ES_ES: 'Spanish, of Spain',
  ES_MX: 'Spanish, Mexican',
  FR_CA: 'French, Canadian',
  FR_FR: 'French, of France',
  DE_DE: 'German',
  IT_IT: 'Italian',
  PT_BR: 'Portuguese, Brazilian',
};

/** What a number is called: its label, and itself where it has none. */
export function nameOf({ label, number }: Pick<OwnNumber, 'label' | 'number'>): string {
  return label === '' ? number : label;
}

/** What becomes of a call to a number. */
export function callsInWords({ capabilities, voice }: Pick<OwnNumber, 'capabilities' | 'voice'>): string {
  if (!capabilities.includes('VOICE')) return 'It takes no calls.';
  if (voice?.action === 'FORWARD') return `Calls are forwarded to ${voice.forwardTo ?? 'another number'}.`;
  if (voice?.action === 'ANNOUNCE') return `Callers hear: “${voice.announcement ?? ''}”`;
  return 'Calls are rejected.';
}
