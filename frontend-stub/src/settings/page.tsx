import { Button, Card, Group, NumberInput, Stack, Text, Textarea, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { type SettingsQuery, type SettingsUpdateInput, SettingsUpdateDocument } from '../generated/operations';
import { LoadingRows, Page } from '../parts/page';
import { TextLength } from '../parts/text-length';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { settingsQuery } from './queries';

type Settings = NonNullable<SettingsQuery['settings']>;
type AnswerName = 'helpText' | 'stopText' | 'startText';

const ANSWERS: readonly [name: AnswerName, label: string, description: string][] = [
  ['stopText', 'When somebody writes STOP', 'It confirms that they get no more messages, and is the last one that they get.'],
  ['startText', 'When somebody writes START', 'It confirms that they get messages again.'],
  ['helpText', 'When somebody writes HELP', 'Say who you are, and how to reach you.'],
];
const FIELDS = ['helpText', 'stopText', 'startText', 'callbackRetentionDays'] as const;

/** What a company sets for itself. */
export function SettingsPage() {
  const { data, error, refetch } = useQuery(settingsQuery);
  const settings = data?.settings ?? null;
  return (
    <Page title="Settings" lead="What we answer for you, and how long we keep what carriers report.">
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {settings !== null && <Form key={JSON.stringify(settings)} settings={settings} />}
    </Page>
  );
}

function Form({ settings }: { settings: Settings }) {
  const mayWrite = useMay('SETTINGS_WRITE');
  const [draft, setDraft] = useState(settings);
  const { mutate, refusals, error, isPending } = useChange(
    async (input: SettingsUpdateInput) => (await request(SettingsUpdateDocument, { input })).settingsUpdate,
    {
      touches: ['settings'],
      onDone: () => {
        notifications.show({ color: 'green', title: 'Saved', message: 'It holds from now on.' });
      },
    },
  );
  const problems = errorsByField(refusals, FIELDS);
  const changed = Object.fromEntries(FIELDS.filter((name) => draft[name] !== settings[name]).map((name) => [name, draft[name]]));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate(changed);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <Card component="section" aria-labelledby="answers">
          <Stack gap="lg">
            <div>
              <Title order={2} size="h4" id="answers">
                Automatic answers
              </Title>
              <Text size="sm" c="dimmed">
                Carriers want these words answered at once, so we do it for you.
              </Text>
            </div>
            {ANSWERS.map(([name, label, description]) => (
              <Answer
                key={name}
                label={label}
                description={description}
                text={draft[name]}
                error={problems[name]}
                mayWrite={mayWrite}
                pending={isPending}
                onChange={(text) => {
                  setDraft((old) => ({ ...old, [name]: text }));
                }}
                onStandard={() => {
                  mutate({ [name]: null });
                }}
              />
            ))}
          </Stack>
        </Card>
        <Card component="section" aria-labelledby="keeping">
          <Stack gap="md">
            <Title order={2} size="h4" id="keeping">
              Carriers’ raw reports
            </Title>
            <NumberInput
              label="Kept for, in days"
              description="Raw reports of carriers and events told to webhooks; they hold texts. Messages and their way are kept regardless."
              min={1}
              max={400}
              allowDecimal={false}
              maw={320}
              readOnly={!mayWrite}
              value={draft.callbackRetentionDays}
              error={problems.callbackRetentionDays}
              onChange={(days) => {
                setDraft((old) => ({ ...old, callbackRetentionDays: Number(days) }));
              }}
            />
          </Stack>
        </Card>
        {mayWrite && (
          <Group justify="flex-end">
            <Button type="submit" loading={isPending} disabled={Object.keys(changed).length === 0}>
              Save
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

interface AnswerProps {
  label: string;
  description: string;
  text: string;
  error: string | undefined;
  mayWrite: boolean;
  pending: boolean;
  onChange: (text: string) => void;
  onStandard: () => void;
}

function Answer({ label, description, text, error, mayWrite, pending, onChange, onStandard }: AnswerProps) {
  return (
    <div>
      <Textarea
        label={label}
        description={description}
        autosize
        minRows={2}
        maxLength={320}
        readOnly={!mayWrite}
        value={text}
        error={error}
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
      <Group justify="space-between" mt={4} mih={26}>
        <TextLength text={text} />
        {mayWrite && (
          <Button variant="subtle" size="compact-xs" aria-label={`Use the standard text ${label.charAt(0).toLowerCase()}${label.slice(1)}`} disabled={pending} onClick={onStandard}>
            Use the standard text
          </Button>
        )}
      </Group>
    </div>
  );
}
