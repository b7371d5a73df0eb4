import { Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { CreditLimitSetDocument } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import { DialogForm } from '../parts/dialog-form';
import { isExact } from '../parts/numbers';
import type { TenantDetail } from './queries';

/** Sets up to which price a tenant may use credits before they are paid. */
export function CreditLimit({ tenant: { id, plan }, onClose }: { tenant: TenantDetail; onClose: () => void }) {
  const [amount, setAmount] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async (given: `${number}`) => (await request(CreditLimitSetDocument, { input: { tenantId: id, amount: given } })).creditLimitSet,
    { touches: ['tenant'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['amount'] as const);
  return (
    <DialogForm
      act="Set"
      pending={isPending}
      ready={isExact(amount)}
      error={error}
      refusal={problems.form}
      onSubmit={() => {
        if (isExact(amount)) mutate(amount);
      }}
      onClose={onClose}
    >
      <Text size="sm">Up to this price of all its unpaid credits it may use them at once; 0 means that each pack is paid first.</Text>
      <AmountInput
        label="Limit"
        {...(plan !== null && { unit: plan.plan.currency })}
        required
        data-autofocus
        value={amount}
        error={problems.amount}
        onChange={setAmount}
      />
    </DialogForm>
  );
}
