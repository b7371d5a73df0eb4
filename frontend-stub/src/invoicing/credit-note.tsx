import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { CreditNoteIssueDocument } from '../generated/operations';
import { AmountInput } from '../parts/amount-input';
import { DialogForm } from '../parts/dialog-form';
import { inMoney } from '../parts/money';
import { isExact } from '../parts/numbers';
import { OF_INVOICES, type TenantInvoice } from './queries';

/** Gives a part of an invoice back. */
export function CreditNote({ invoice: { id, total }, onClose }: { invoice: TenantInvoice; onClose: () => void }) {
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const { mutate, refusals, error, isPending } = useChange(
    async (given: `${number}`) => {
      const input = { invoiceId: id, amount: { amount: given, currency: total.currency }, reason: reason.trim(), idempotencyKey };
      return (await request(CreditNoteIssueDocument, { input })).creditNoteIssue;
    },
    { touches: OF_INVOICES, onDone: onClose },
  );
  const problems = errorsByField(refusals, ['amount', 'reason'] as const);
  return (
    <DialogForm
      act="Issue credit note"
      pending={isPending}
      ready={isExact(amount) && reason.trim() !== ''}
      error={error}
      refusal={problems.form}
      onSubmit={() => {
        if (isExact(amount)) mutate(amount);
      }}
      onClose={onClose}
    >
      <Text size="sm">Gives a part of {inMoney(total)} back; the invoice itself stays as it is.</Text>
      <AmountInput label="Amount" unit={total.currency} required data-autofocus value={amount} error={problems.amount} onChange={setAmount} />
      <TextInput
        label="Reason"
        description="The tenant reads it"
        required
        autoComplete="off"
        maxLength={500}
        value={reason}
        error={problems.reason}
        onChange={(event) => {
          setReason(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}
