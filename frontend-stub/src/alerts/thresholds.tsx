import { Button, Card, Group, Stack, TagsInput, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { AlertRuleSetDocument } from '../generated/operations';
import { Refusal, Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import type { Rule } from './queries';

/** At which percentages of the plan's allowance the tenant is told, beside those that everybody is told of. */
export function Thresholds({ rule }: { rule: Rule }) {
  const mayWrite = useMay('ALERTS_WRITE');
  return (
    <Card component="section" aria-labelledby="thresholds">
      <Stack>
        <div>
          <Title order={2} size="h4" id="thresholds">
            When usage is told
          </Title>
          <Text size="sm" c="dimmed">
            At 50, 80 and 100 % of the plan’s allowance, always, and at percentages of your own.
          </Text>
        </div>
        {mayWrite ? <OwnPercentages key={rule.thresholds.join()} rule={rule} /> : <Text size="sm">{inWords(rule.thresholds)}</Text>}
      </Stack>
    </Card>
  );
}

function OwnPercentages({ rule: { kind, channels, thresholds } }: { rule: Rule }) {
  const [percentages, setPercentages] = useState(() => thresholds.map(String));
  const { mutate, refusals, error, isPending, reset } = useChange(
    async (wanted: number[]) => (await request(AlertRuleSetDocument, { input: { kind, channels, thresholds: wanted } })).alertRuleSet,
    {
      touches: ['alertRules'],
      onDone: () => {
        notifications.show({ color: 'green', title: 'Saved', message: 'You are told at these percentages from now on.' });
      },
    },
  );
  const problems = errorsByField(refusals, ['thresholds']);
  const strange = percentages.find((each) => !/^\d{1,9}$/.test(each));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (strange === undefined) mutate(percentages.map(Number));
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack>
        {error !== null && <Trouble error={error} />}
        <Refusal sentence={problems.form} />
        <TagsInput
          label="Percentages of your own"
          description="At most 10, from 1 to 1000; Enter after each, Backspace takes the last away"
          splitChars={[',', ' ', '%']}
          inputMode="numeric"
          maw={480}
          value={percentages}
          error={problems.thresholds ?? (strange === undefined ? undefined : `“${strange}” is no whole number.`)}
          onChange={(given) => {
            reset();
            setPercentages(given);
          }}
        />
        <Group>
          <Button type="submit" loading={isPending} disabled={strange !== undefined || percentages.join() === thresholds.join()}>
            Save percentages
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function inWords(thresholds: readonly number[]): string {
  return thresholds.length === 0 ? 'There are none of your own.' : `Of your own: ${thresholds.map((each) => `${each} %`).join(', ')}`;
}
