import { Card, NativeSelect, SimpleGrid, Stack, Text, Title } from '@mantine/core';

import type { AllowancePeriod, UsageUnit } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import { partsOf } from './draft';
import type { FieldsProps } from './form';

/** How much may be sent, and what happens when that is used up. */
export function AllowanceFields({ draft, problems, change }: FieldsProps) {
  const has = partsOf(draft.strategy);
  return (
    <Card component="section" aria-labelledby="allowance">
      <Stack>
        <Title order={2} size="h4" id="allowance">
          Allowance
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          {has.amount && (
            <AmountInput
              label="How much"
              description="Empty: no limit"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              value={draft.amount}
              error={problems.get('allowance.amount')}
              onChange={(amount) => {
                change({ amount });
              }}
            />
          )}
          {has.countsFreely && (
            <NativeSelect
              label="What is counted"
              data={[
                { value: 'MESSAGES', label: 'Messages' },
                { value: 'SEGMENTS', label: 'Segments' },
              ]}
              value={draft.unit}
              error={problems.get('allowance.unit')}
              onChange={(event) => {
                change({ unit: event.currentTarget.value as UsageUnit });
              }}
            />
          )}
          {has.countsFreely && (
            <NativeSelect
              label="Begins anew"
              data={[
                { value: 'DAY', label: 'Each day' },
                { value: 'MONTH', label: 'Each month' },
              ]}
              value={draft.per}
              error={problems.get('allowance.per')}
              onChange={(event) => {
                change({ per: event.currentTarget.value as AllowancePeriod });
              }}
            />
          )}
        </SimpleGrid>
        {has.overage ? (
          <AmountInput
            label="Each unit over it costs"
            unit={draft.currency}
            required
            maw={280}
            value={draft.overage}
            error={problems.get('overage')}
            onChange={(overage) => {
              change({ overage });
            }}
          />
        ) : (
          <Text size="sm" c="dimmed">
            {draft.strategy === 'CREDITS' ? 'What may be sent is what the credits are worth.' : 'When it is used up, sending stops until it begins anew.'}
          </Text>
        )}
      </Stack>
    </Card>
  );
}
