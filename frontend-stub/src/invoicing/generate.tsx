import { Button, Modal, NativeSelect, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileInvoice } from '@tabler/icons-react';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { InvoicesGenerateDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { monthInWords, monthsBefore } from '../parts/time';
import { OF_INVOICES } from './queries';

/** Makes a month's invoices now, in a dialog; what is issued stays as it is. */
export function GenerateMonth() {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconFileInvoice size={16} aria-hidden />} onClick={open}>
        Make invoices
      </Button>
      <Modal opened={opened} onClose={close} title={<Text fw={650}>Make the invoices of a month</Text>}>
        <Fields onClose={close} />
      </Modal>
    </>
  );
}

function Fields({ onClose }: { onClose: () => void }) {
  const months = monthsBefore(12);
  const [month, setMonth] = useState(months[0] ?? '');
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(InvoicesGenerateDocument, { month })).invoicesGenerate,
    { touches: OF_INVOICES, onDone: onClose },
  );
  return (
    <DialogForm act="Make invoices" pending={isPending} error={error} refusal={undefined} onSubmit={mutate} onClose={onClose}>
      <Text size="sm">
        For all tenants. What is issued stays as it is; drafts and void ones are made anew. It happens by itself on the
        first of each month.
      </Text>
      <NativeSelect
        label="Month"
        data-autofocus
        data={months.map((each) => ({ value: each, label: monthInWords(each) }))}
        value={month}
        error={refusals[0]?.message}
        onChange={(event) => {
          setMonth(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}
