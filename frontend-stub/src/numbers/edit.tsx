import { Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { NumberUpdateDocument, type NumberUpdateInput, type VoiceAction } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import type { OwnNumber } from './queries';
import { type Speech, SpeechFields } from './speech';
import { ACTIONS } from './words';

/** Changes what a number is called, and what becomes of calls to it. */
export function EditNumber({ number, onClose }: { number: OwnNumber | null; onClose: () => void }) {
  return (
    <Modal opened={number !== null} onClose={onClose} title={<Text fw={650}>Set up {number?.number}</Text>}>
      {number !== null && <Form number={number} onClose={onClose} />}
    </Modal>
  );
}

function Form({ number: { id, label: before, capabilities, voice }, onClose }: { number: OwnNumber; onClose: () => void }) {
  const takesCalls = capabilities.includes('VOICE');
  const [label, setLabel] = useState(before);
  const [action, setAction] = useState<VoiceAction>(voice?.action ?? 'REJECT');
  const [forwardTo, setForwardTo] = useState<string>(voice?.forwardTo ?? '');
  const [speech, setSpeech] = useState<Speech>({ announcement: voice?.announcement ?? '', language: voice?.language ?? 'EN_US' });
  const { mutate, refusals, error, isPending } = useChange(
    async (input: NumberUpdateInput) => (await request(NumberUpdateDocument, { id, input })).numberUpdate,
    { touches: ['numbers'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['label', 'forwardTo', 'announcement'] as const);
  const submit = () => {
    const announcement = speech.announcement.trim();
    const said = action === 'REJECT' || announcement === '' ? {} : { announcement, language: speech.language };
    const rule = { action, ...said, ...(action === 'FORWARD' && { forwardTo: forwardTo.trim() }) };
    mutate({ ...(label.trim() !== before && { label: label.trim() }), ...(takesCalls && { voice: rule }) });
  };
  return (
    <DialogForm act="Save" pending={isPending} error={error} refusal={problems.form} onSubmit={submit} onClose={onClose}>
      <TextInput
        label="Label"
        description="What you call it, such as the shop that it belongs to"
        data-autofocus
        autoComplete="off"
        maxLength={100}
        value={label}
        error={problems.label}
        onChange={(event) => {
          setLabel(event.currentTarget.value);
        }}
      />
      {takesCalls && (
        <Radio.Group
          label="When somebody calls it"
          value={action}
          onChange={(chosen) => {
            setAction(chosen);
          }}
        >
          <Stack gap="xs" mt="xs">
            {Object.entries(ACTIONS).map(([value, words]) => (
              <Radio key={value} value={value} label={words} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      {takesCalls && action === 'FORWARD' && (
        <TextInput
          label="Forward to"
          description="With the country code. The minutes of the call to it are yours to pay."
          type="tel"
          required
          autoComplete="off"
          value={forwardTo}
          error={problems.forwardTo}
          onChange={(event) => {
            setForwardTo(event.currentTarget.value);
          }}
        />
      )}
      {takesCalls && action !== 'REJECT' && (
        <SpeechFields
          label="What is read out"
          description={action === 'FORWARD' ? 'Where a call may not be forwarded, such as over the spend cap; without it, that call is rejected' : 'Callers hear it, and the call ends'}
          required={action === 'ANNOUNCE'}
          speech={speech}
          problem={problems.announcement}
          onChange={setSpeech}
        />
      )}
    </DialogForm>
  );
}
