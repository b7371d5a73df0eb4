import { Text, TextInput } from '@mantine/core';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByField } from '../api/user-errors';
import { InvoiceMarkPaidDocument, InvoiceVoidDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { inMoney } from '../parts/money';
import { OF_INVOICES, type TenantInvoice } from './queries';

interface OutcomeProps {
  invoice: TenantInvoice;
  onClose: () => void;
}

/** Takes note of a payment. */
export function MarkPaid({ invoice: { id, amountDue }, onClose }: OutcomeProps) {
  const [reference, setReference] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(InvoiceMarkPaidDocument, { id, reference: reference.trim() })).invoiceMarkPaid,
    { touches: OF_INVOICES, onDone: onClose },
  );
  const problems = errorsByField(refusals, ['reference'] as const);
  return (
    <DialogForm act="Mark as paid" pending={isPending} ready={reference.trim() !== ''} error={error} refusal={problems.form} onSubmit={mutate} onClose={onClose}>
      <Text size="sm">{inMoney(amountDue)} came in. The tenant sees that it is paid.</Text>
      <TextInput
        label="Reference"
        description="What the payment is known by; the tenant reads it"
        required
        data-autofocus
        autoComplete="off"
        maxLength={500}
        value={reference}
        error={problems.reference}
        onChange={(event) => {
          setReference(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}

/** Takes an issued invoice back, for a reason. */
export function VoidInvoice({ invoice: { id, number }, onClose }: OutcomeProps) {
  const [reason, setReason] = useState('');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(InvoiceVoidDocument, { id, reason: reason.trim() })).invoiceVoid,
    { touches: OF_INVOICES, onDone: onClose },
  );
  const problems = errorsByField(refusals, ['reason'] as const);
  return (
    <DialogForm act="Void" color="red" pending={isPending} ready={reason.trim() !== ''} error={error} refusal={problems.form} onSubmit={mutate} onClose={onClose}>
      <Text size="sm">
        Nothing of it is to be paid any more. It keeps its number {number}, and the month can be invoiced anew. This cannot be undone.
      </Text>
      <TextInput
        label="Reason"
        description="The tenant reads it"
        required
        data-autofocus
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
