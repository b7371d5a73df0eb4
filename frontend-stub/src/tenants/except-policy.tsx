import { NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { PolicyOverrideDocument, type PolicyRule } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { daysAhead, instantOf, localTime, useZone } from '../parts/time';
import { TimeInput } from '../parts/time-input';
import type { TenantDetail } from './queries';
import { RULES } from './words';

const MOST_DAYS = 366;

/** Lets a tenant's texts break a rule, for a reason and a time. */
export function ExceptPolicy({ tenant: { id }, onClose }: { tenant: TenantDetail; onClose: () => void }) {
  const zone = useZone();
  const [rule, setRule] = useState<PolicyRule>('OPT_OUT_TEXT');
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState(() => localTime(daysAhead(30), zone));
  const { mutate, refusals, error, isPending } = useChange(
    async () => {
      const input = { tenantId: id, rule, reason: reason.trim(), until: instantOf(until, zone) };
      return (await request(PolicyOverrideDocument, { input })).policyOverride;
    },
    { touches: ['tenant'], onDone: onClose },
  );
  const problems = errorsByField(refusals, ['reason', 'until'] as const);
  return (
    <DialogForm
      act="Make it"
      pending={isPending}
      ready={reason.trim() !== '' && until !== ''}
      error={error}
      refusal={problems.form}
      onSubmit={mutate}
      onClose={onClose}
    >
      <Text size="sm">What the tenant sends may break the rule until then. The tenant reads the reason, and finds it in its log.</Text>
      <NativeSelect
        label="Rule"
        data-autofocus
        data={Object.entries(RULES).map(([value, label]) => ({ value, label }))}
        value={rule}
        onChange={(event) => {
          setRule(event.currentTarget.value as PolicyRule);
        }}
      />
      <TextInput
        label="Reason"
        required
        maxLength={500}
        value={reason}
        error={problems.reason}
        onChange={(event) => {
          setReason(event.currentTarget.value);
        }}
      />
      <TimeInput label="Until" required within={MOST_DAYS} value={until} error={problems.until} onChange={setUntil} />
    </DialogForm>
  );
}
