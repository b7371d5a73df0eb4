import { Badge, Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { SpendCapSetDocument } from '../generated/operations';
import { Figure } from '../parts/figure';
import { inMoney, isAmount, type Money } from '../parts/money';
import { isPositive } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { SpendBar } from '../session/spend';
import { useMay } from '../session/viewer';
import { type SpendCap, spendCapQuery } from './queries';

/** The most that usage may come to in a month. */
export function SpendCapRoom() {
  const mayWrite = useMay('BILLING_WRITE');
  const { data, error, refetch } = useQuery(spendCapQuery);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  if (data.plan === null) return <Text>There is no plan yet, so nothing is spent.</Text>;
  const { plan, spendCap } = data.plan;
  return (
    <Stack gap="lg">
      {spendCap !== null && <Present cap={spendCap} />}
      {mayWrite && <SetCap key={spendCap?.amount.amount} cap={spendCap?.amount ?? null} currency={plan.currency} />}
      {!mayWrite && spendCap === null && <Text>No cap is set: usage may come to any amount.</Text>}
    </Stack>
  );
}

function Present({ cap }: { cap: SpendCap }) {
  const clock = useClock();
  const { amount, spent, reserved, reached, setBy, setAt } = cap;
  return (
    <Figure
      label="Spent this month"
      value={inMoney(spent)}
      unit={`of ${inMoney(amount)}`}
      aside={<Badge color={reached ? 'red' : 'green'}>{reached ? 'Reached' : 'Below the cap'}</Badge>}
    >
      <SpendBar cap={cap} size="xl" />
      {isPositive(reserved.amount) && <Text size="sm">Up to {inMoney(reserved)} more is on its way.</Text>}
      <Text size="sm" c="dimmed">
        Set by {setBy.name}, {clock.long(setAt)}. It begins anew on the first, 00:00 UTC.
      </Text>
    </Figure>
  );
}

function SetCap({ cap, currency }: { cap: Money | null; currency: string }) {
  const [amount, setAmount] = useState<string>(cap?.amount ?? '');
  const { mutate, refusals, error, isPending } = useChange(
    async (wanted: `${number}` | null) => (await request(SpendCapSetDocument, { input: { amount: wanted } })).spendCapSet,
    {
      touches: ['spendCap', 'limits'],
      onDone: () => {
        notifications.show({ color: 'green', title: 'Saved', message: 'It holds for what is sent from now on.' });
      },
    },
  );
  const written = amount.trim();
  const valid = isAmount(written);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (valid) mutate(written);
  };
  return (
    <Card component="section" aria-labelledby="cap">
      <form onSubmit={submit} noValidate>
        <Stack>
          <div>
            <Title order={2} size="h4" id="cap">
              {cap === null ? 'Set a cap' : 'Change the cap'}
            </Title>
            <Text size="sm" c="dimmed">
              What would take a month’s usage over it is not sent. The plan’s fee does not count. At 80 % and at 100 % you are told.
            </Text>
          </div>
          {error !== null && <Trouble error={error} />}
          <Group align="flex-start" gap="sm">
            <TextInput
              label={`At most, in ${currency} a month`}
              inputMode="decimal"
              autoComplete="off"
              value={amount}
              error={refusals[0]?.message ?? (written !== '' && !valid ? 'An amount, such as 49.50' : undefined)}
              onChange={(event) => {
                setAmount(event.currentTarget.value);
              }}
            />
            <Group gap="sm" mt={25}>
              <Button type="submit" loading={isPending} disabled={!valid || written === cap?.amount}>
                Set the cap
              </Button>
              {cap !== null && (
                <Button
                  variant="default"
                  disabled={isPending}
                  onClick={() => {
                    mutate(null);
                  }}
                >
                  Take it away
                </Button>
              )}
            </Group>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
