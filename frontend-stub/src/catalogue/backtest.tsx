import { Button, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByPlace } from '../api/user-errors';
import { PlanBacktestDocument, type PlanInput } from '../generated/operations';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { BacktestResult } from './backtest-result';

const MONTHS = [1, 3, 6, 12, 24];

interface TryOutProps {
  /** The plan as it is written; null while a number is none. */
  written: () => PlanInput | null;
  onRefused: (problems: ReadonlyMap<string, string>) => void;
}

/** What the last months would have brought with this plan; nothing is changed and nothing is kept. */
export function TryOut({ written, onRefused }: TryOutProps) {
  const [months, setMonths] = useState(3);
  const { mutate, data, error, isPending } = useChange(
    async (input: PlanInput) => {
      const outcome = (await request(PlanBacktestDocument, { input, months })).planBacktest;
      onRefused(errorsByPlace(outcome?.errors ?? []));
      return outcome;
    },
    { touches: [] },
  );
  const found = data?.planBacktest ?? null;
  return (
    <Stack>
      <div>
        <Title order={2} size="h4">
          Try it on past months
        </Title>
        <Text size="sm" c="dimmed">
          As if every tenant had had this plan all the while. Nothing is changed, and nobody is told.
        </Text>
      </div>
      <Group align="flex-end">
        <NativeSelect
          label="How far back"
          data={MONTHS.map((each) => ({ value: String(each), label: counted(each, 'month') }))}
          value={String(months)}
          onChange={(event) => {
            setMonths(Number(event.currentTarget.value));
          }}
        />
        <Button
          variant="default"
          leftSection={<IconHistory size={16} aria-hidden />}
          loading={isPending}
          onClick={() => {
            const input = written();
            if (input !== null) mutate(input);
          }}
        >
          Try it
        </Button>
      </Group>
      {error !== null && <Trouble error={error} />}
      {found !== null && <BacktestResult found={found} />}
    </Stack>
  );
}
