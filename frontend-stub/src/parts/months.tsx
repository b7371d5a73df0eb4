import { Group } from '@mantine/core';
import { useSearchParams } from 'wouter';

import { ChoiceBox } from './choice';
import { lastMonths } from './time';

const SPANS = { '1': 'This month', '3': 'Three months', '12': 'Twelve months' };

/** Over how many months figures go; the address keeps it. */
export function Months() {
  return (
    <Group>
      <ChoiceBox name="months" label="Over" choices={SPANS} />
    </Group>
  );
}

export function useMonths(): { from: string; until: string } {
  const [params] = useSearchParams();
  const months = params.get('months') ?? '1';
  return lastMonths(months in SPANS ? Number(months) : 1);
}
