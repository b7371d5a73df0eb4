import { Card, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';

import type { PlanPeriod, PricingStrategy } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import type { FieldsProps } from './form';
import { STRATEGIES } from './words';

/** What a plan is called, how it makes a price, and what it costs whatever is used. */
export function PriceFields({ draft, problems, change }: FieldsProps) {
  return (
    <Card component="section" aria-label="Name and fee">
      <Stack>
        <TextInput
          label="Name"
          description="A name that is there gets a new version"
          required
          autoComplete="off"
          maxLength={60}
          value={draft.name}
          error={problems.get('name')}
          onChange={(event) => {
            change({ name: event.currentTarget.value });
          }}
        />
        <TextInput
          label="What it is for"
          autoComplete="off"
          maxLength={500}
          value={draft.description}
          error={problems.get('description')}
          onChange={(event) => {
            change({ description: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label="How it makes a price"
          description={STRATEGIES[draft.strategy][1]}
          data={Object.entries(STRATEGIES).map(([value, [label]]) => ({ value, label }))}
          value={draft.strategy}
          error={problems.get('strategy')}
          onChange={(event) => {
            change({ strategy: event.currentTarget.value as PricingStrategy });
          }}
        />
        <Fee {...{ draft, problems, change }} />
      </Stack>
    </Card>
  );
}

function Fee({ draft, problems, change }: FieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <AmountInput
        label="Fee"
        unit={draft.currency}
        value={draft.fee}
        error={problems.get('fee')}
        onChange={(fee) => {
          change({ fee });
        }}
      />
      <NativeSelect
        label="Paid"
        data={[
          { value: 'MONTH', label: 'For a month' },
          { value: 'YEAR', label: 'For a year' },
        ]}
        value={draft.period}
        error={problems.get('period')}
        onChange={(event) => {
          change({ period: event.currentTarget.value as PlanPeriod });
        }}
      />
      <TextInput
        label="Currency"
        autoComplete="off"
        maxLength={3}
        value={draft.currency}
        error={problems.get('currency')}
        onChange={(event) => {
          change({ currency: event.currentTarget.value.toUpperCase() });
        }}
      />
    </SimpleGrid>
  );
}
