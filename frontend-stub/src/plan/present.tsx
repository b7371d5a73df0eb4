import { Alert, Badge, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconCalendarClock } from '@tabler/icons-react';
import { useState } from 'react';

import { request } from '../api/client';
import { PlanChangeCancelDocument } from '../generated/operations';
import { Question } from '../parts/question';
import { clockIn, useClock } from '../parts/time';
import { counted } from '../parts/words';
import { AllowanceBar, leftInWords, resetInWords } from '../session/allowance';
import { useMay, useTenant } from '../session/viewer';
import { Fee } from './fee';
import { forecastInWords } from './forecast';
import { OF_THE_PLAN, type PendingChange, type TenantPlan } from './queries';
import { allowanceInWords, limitInWords } from './words';

const UTC = clockIn('UTC');

/** The plan that the tenant has, what is left of it, and what is to come. */
export function PresentPlan({ present: { plan, since, allowance, pendingChange } }: { present: TenantPlan }) {
  const clock = useClock();
  const atLimit = limitInWords(plan);
  return (
    <Card component="section" aria-labelledby="present">
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div>
            <Group gap="sm">
              <Title order={2} id="present">
                {plan.name}
              </Title>
              <Badge color="gray">Version {plan.version}</Badge>
            </Group>
            <Text size="sm" c="dimmed">
              Yours since {clock.day(since)}; you keep this version until you change.
            </Text>
          </div>
          <Fee plan={plan} />
        </Group>
        {allowance !== null && allowance.limit !== 0 && <AllowanceLeft allowance={allowance} />}
        <Text size="sm" c="dimmed">
          {allowanceInWords(plan)}
          {atLimit !== null && `. ${atLimit}`}.
        </Text>
        {pendingChange !== null && <Pending change={pendingChange} />}
      </Stack>
    </Card>
  );
}

function AllowanceLeft({ allowance }: { allowance: NonNullable<TenantPlan['allowance']> }) {
  const clock = useClock();
  const { timeZone } = useTenant();
  const { used, reserved, resetsAt } = allowance;
  const forecast = forecastInWords(allowance, clock);
  return (
    <Stack gap={6}>
      <AllowanceBar allowance={allowance} size="xl" />
      <Text fw={600}>{leftInWords(allowance)}</Text>
      <Text size="sm">
        {counted(used, 'used', 'used')}
        {reserved > 0 && `, ${counted(reserved, 'on its way', 'on their way')}`}. {resetInWords(allowance, clock)}
        {timeZone !== 'UTC' && ` your time (${UTC.short(resetsAt)} UTC)`}.
      </Text>
      {forecast !== null && <Text size="sm">{forecast}</Text>}
    </Stack>
  );
}

function Pending({ change: { id, to, effectiveAt, requestedAt, requestedBy } }: { change: PendingChange }) {
  const clock = useClock();
  const mayChange = useMay('PLAN_WRITE');
  const [asked, setAsked] = useState<string | null>(null);
  const name = to?.name ?? 'Another plan';
  return (
    <Alert role="status" color="petrol" icon={<IconCalendarClock aria-hidden />} title={`${name} comes ${clock.short(effectiveAt)}`}>
      <Group justify="space-between">
        <Text size="sm">
          Asked for by {requestedBy.name}, {clock.short(requestedAt)}.
        </Text>
        {mayChange && (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setAsked(id);
            }}
          >
            Cancel this change
          </Button>
        )}
      </Group>
      <Question
        about={asked}
        title="Cancel this change?"
        stay="Let it come"
        act="Cancel the change"
        color="petrol"
        ask={async (change) => (await request(PlanChangeCancelDocument, { input: { idempotencyKey: change } })).planChangeCancel}
        touches={OF_THE_PLAN}
        onClose={() => {
          setAsked(null);
        }}
      >
        {() => `You keep the plan that you have, and ${name} does not come.`}
      </Question>
    </Alert>
  );
}
