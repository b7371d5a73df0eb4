import { Button, Group, Modal, Text } from '@mantine/core';
import { IconBan, IconCheck, IconReceiptRefund, IconSend } from '@tabler/icons-react';
import { useState } from 'react';

import { request } from '../api/client';
import { InvoiceIssueDocument } from '../generated/operations';
import { inMoney } from '../parts/money';
import { Question } from '../parts/question';
import { CreditNote } from './credit-note';
import { MarkPaid, VoidInvoice } from './outcome';
import { OF_INVOICES, type TenantInvoice } from './queries';

type Act = 'issue' | 'pay' | 'void' | 'credit';

/** What the operator can do with an invoice in its state. */
export function Actions({ invoice }: { invoice: TenantInvoice }) {
  const [act, setAct] = useState<Act | null>(null);
  const { state } = invoice;
  const close = () => {
    setAct(null);
  };
  const offer = (each: Act) => () => {
    setAct(each);
  };
  if (state === 'VOID') return null;
  return (
    <Group gap="xs">
      {state === 'DRAFT' && (
        <Button leftSection={<IconSend size={16} aria-hidden />} onClick={offer('issue')}>
          Issue
        </Button>
      )}
      {state === 'ISSUED' && (
        <Button leftSection={<IconCheck size={16} aria-hidden />} onClick={offer('pay')}>
          Mark as paid
        </Button>
      )}
      {state !== 'DRAFT' && (
        <Button variant="default" leftSection={<IconReceiptRefund size={16} aria-hidden />} onClick={offer('credit')}>
          Issue a credit note
        </Button>
      )}
      {state === 'ISSUED' && (
        <Button variant="default" leftSection={<IconBan size={16} aria-hidden />} onClick={offer('void')}>
          Void
        </Button>
      )}
      <Question
        about={act === 'issue' ? invoice : null}
        title="Issue this invoice"
        stay="Not yet"
        act="Issue"
        color="petrol"
        ask={async ({ id }) => (await request(InvoiceIssueDocument, { id })).invoiceIssue}
        touches={OF_INVOICES}
        onClose={close}
      >
        {({ total }) => `It gets the next number, and the tenant is told that ${inMoney(total)} is to be paid. An issued invoice changes no more.`}
      </Question>
      <Modal opened={act === 'pay'} onClose={close} title={<Text fw={650}>Mark as paid</Text>}>
        <MarkPaid invoice={invoice} onClose={close} />
      </Modal>
      <Modal opened={act === 'void'} onClose={close} title={<Text fw={650}>Void this invoice</Text>}>
        <VoidInvoice invoice={invoice} onClose={close} />
      </Modal>
      <Modal opened={act === 'credit'} onClose={close} title={<Text fw={650}>Issue a credit note</Text>}>
        <CreditNote invoice={invoice} onClose={close} />
      </Modal>
    </Group>
  );
}
