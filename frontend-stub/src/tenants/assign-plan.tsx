import { NativeSelect, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { TenantPlanAssignDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { inMoney } from '../parts/money';
import { isZero } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { type PlanOnSale, plansOnSaleQuery, type TenantDetail } from './queries';

interface AssignPlanProps {
  tenant: TenantDetail;
  onClose: () => void;
}

/** Lets a tenant have a plan that is on sale, from now on. */
export function AssignPlan({ tenant, onClose }: AssignPlanProps) {
  const { data, error, refetch } = useQuery(plansOnSaleQuery);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={2} />;
  const others = (data.plans ?? []).filter(({ id }) => id !== tenant.plan?.plan.id);
  const [first] = others;
  if (first === undefined) return <Text size="sm">No other plan is on sale: publish one in the catalogue first.</Text>;
  return <Form tenant={tenant} plans={others} first={first.id} onClose={onClose} />;
}

function Form({ tenant: { id }, plans, first, onClose }: AssignPlanProps & { plans: readonly PlanOnSale[]; first: string }) {
  const [planId, setPlan] = useState(first);
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(TenantPlanAssignDocument, { id, planId })).tenantPlanAssign,
    { touches: ['tenant', 'tenants', 'economics', 'catalogue'], onDone: onClose },
  );
  return (
    <DialogForm act="Assign" pending={isPending} error={error} refusal={undefined} onSubmit={mutate} onClose={onClose}>
      <Text size="sm">
        It holds at once. What was used stays used, and a change that was to come is taken back. The tenant finds it in its log.
      </Text>
      <NativeSelect
        label="Plan"
        data-autofocus
        data={plans.map((plan) => ({ value: plan.id, label: nameOf(plan) }))}
        value={planId}
        error={refusals[0]?.message}
        onChange={(event) => {
          setPlan(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}

function nameOf({ name, version, fee, period }: PlanOnSale): string {
  const price = fee === null || isZero(fee.amount) ? 'without a fee' : `${inMoney(fee)} a ${period.toLowerCase()}`;
  return `${name}, version ${version}: ${price}`;
}
