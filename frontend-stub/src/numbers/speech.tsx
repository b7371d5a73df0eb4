import { NativeSelect, Textarea } from '@mantine/core';

import type { SpeechLanguage } from '../generated/operations';
import { LANGUAGES } from './words';

export interface Speech {
  announcement: string;
  language: SpeechLanguage;
}

interface SpeechFieldsProps {
  label: string;
  description: string;
  required: boolean;
  speech: Speech;
  problem: string | undefined;
  onChange: (speech: Speech) => void;
}

/** What is read out to somebody on the phone, and in which language. */
export function SpeechFields({ label, description, required, speech, problem, onChange }: SpeechFieldsProps) {
  return (
    <>
      <Textarea
        label={label}
        description={description}
        required={required}
        autosize
        minRows={3}
        maxLength={700}
        value={speech.announcement}
        error={problem}
        onChange={(event) => {
          onChange({ ...speech, announcement: event.currentTarget.value });
        }}
      />
      <NativeSelect
        label="Read in"
        data={Object.entries(LANGUAGES).map(([value, words]) => ({ value, label: words }))}
        value={speech.language}
        onChange={(event) => {
          onChange({ ...speech, language: event.currentTarget.value as SpeechLanguage });
        }}
      />
    </>
  );
}
