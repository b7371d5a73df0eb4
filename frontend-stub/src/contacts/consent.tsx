import { Badge, Button, Card, Group, Modal, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconSignature } from '@tabler/icons-react';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { type ConsentStatus, ContactUpdateDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { Shown } from '../parts/shown';
import { useClock } from '../parts/time';
import type { Action } from './actions';
import { type ContactInFull, OF_WISHES } from './queries';
import { CONSENT } from './words';

interface ConsentCardProps {
  contact: ContactInFull;
  mayWrite: boolean;
  onAsk: (action: Action) => void;
}

/** Whether the person agreed to get messages, and how that is known. */
export function ConsentCard({ contact: { consent }, mayWrite, onAsk }: ConsentCardProps) {
  const clock = useClock();
  const { label, color } = CONSENT[consent.status];
  return (
    <Card component="section" aria-label="Consent" padding="md">
      <Stack gap="xs" align="flex-start">
        <Group gap="xs">
          <Text fw={600}>Consent</Text>
          <Badge color={color}>{label}</Badge>
        </Group>
        {consent.source !== null && (
          <Text size="sm" className="anywhere">
            {consent.source}
            {consent.recordedAt !== null && <Text span c="dimmed">{`, ${clock.long(consent.recordedAt)}`}</Text>}
          </Text>
        )}
        {mayWrite && (
          <>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconSignature size={14} aria-hidden />}
              onClick={() => {
                onAsk('consent');
              }}
            >
              Record what they said
            </Button>
            <Text size="sm" c="dimmed">
              They can choose for themselves, too: in a text, this becomes the link to their own page.
            </Text>
            <Shown label="Link to their choices" text="{{preferences}}" what="it" />
          </>
        )}
      </Stack>
    </Card>
  );
}

/** Records what a person said of getting messages, in a dialog. */
export function RecordConsent({ contact, onClose }: { contact: ContactInFull | null; onClose: () => void }) {
  return (
    <Modal opened={contact !== null} onClose={onClose} title={<Text fw={650}>Record what they said</Text>}>
      {contact !== null && <Form contact={contact} onClose={onClose} />}
    </Modal>
  );
}

const SAID: readonly [status: ConsentStatus, label: string, meaning: string][] = [
  ['GIVEN', 'They agreed to get messages', 'Kept as evidence, with your name and the time.'],
  ['WITHDRAWN', 'They agree no more', 'Nothing is sent to them, and what waits is canceled.'],
];

function Form({ contact: { id }, onClose }: { contact: ContactInFull; onClose: () => void }) {
  const [status, setStatus] = useState<ConsentStatus>('GIVEN');
  const [source, setSource] = useState('');
  const [shown, setShown] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const consent = { status, source: source.trim(), shown: shown.trim() === '' ? null : shown.trim() };
      return (await request(ContactUpdateDocument, { id, input: { consent } })).contactUpdate;
    },
    { touches: OF_WISHES, onDone: onClose },
  );
  const problems = errorsByField(refusals, ['source', 'shown'] as const);
  return (
    <DialogForm
      act="Record it"
      {...(status === 'WITHDRAWN' && { color: 'red' })}
      pending={isPending}
      ready={source.trim() !== ''}
      error={error}
      refusal={problems.form}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Radio.Group
        label="What did they say?"
        value={status}
        onChange={(value) => {
          setStatus(value === 'WITHDRAWN' ? value : 'GIVEN');
        }}
      >
        <Stack gap="xs" mt="xs">
          {SAID.map(([value, label, meaning]) => (
            <Radio key={value} value={value} label={label} description={meaning} />
          ))}
        </Stack>
      </Radio.Group>
      <TextInput
        label="How"
        placeholder="Paper form at the counter"
        required
        autoComplete="off"
        maxLength={200}
        value={source}
        error={problems.source}
        onChange={(event) => {
          setSource(event.currentTarget.value);
        }}
      />
      {status === 'GIVEN' && (
        <Textarea
          label="The words they agreed to"
          description="If you have them: they are the better half of the evidence."
          autosize
          minRows={2}
          maxRows={6}
          maxLength={2000}
          value={shown}
          error={problems.shown}
          onChange={(event) => {
            setShown(event.currentTarget.value);
          }}
        />
      )}
    </DialogForm>
  );
}
