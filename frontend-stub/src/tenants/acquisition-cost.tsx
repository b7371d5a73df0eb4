import { Text } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { AcquisitionCostSetDocument } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import { DialogForm } from '../parts/dialog-form';
import { isExact } from '../parts/numbers';
import type { TenantDetail } from './queries';

/** Enters what winning a tenant cost. */
export function AcquisitionCost({ tenant: { id, plan, economics }, onClose }: { tenant: TenantDetail; onClose: () => void }) {
  const before = economics?.acquisitionCost ?? null;
  const currency = before?.currency ?? plan?.plan.currency ?? 'USD';
  const [amount, setAmount] = useState<string>(before?.amount ?? '');
  const { mutate, refusals, error, isPending } = useChange(
    async (given: `${number}`) =>
      (await request(AcquisitionCostSetDocument, { input: { tenantId: id, amount: { amount: given, currency } } })).acquisitionCostSet,
    { touches: ['tenant', 'economics'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['amount'] as const);
  return (
    <DialogForm
      act="Save"
      pending={isPending}
      ready={isExact(amount)}
      error={error}
      refusal={problems.form}
      onSubmit={() => {
        if (isExact(amount)) mutate(amount);
      }}
      onClose={onClose}
    >
      <Text size="sm">Sales, marketing, setting it up: all of it, in place of what was entered before. The tenant never sees the amount.</Text>
      <AmountInput label="Amount" unit={currency} required data-autofocus value={amount} error={problems.amount} onChange={setAmount} />
    </DialogForm>
  );
}
