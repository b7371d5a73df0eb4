import { Anchor, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconArrowLeft, IconBraces, IconFileTypeCsv, IconFileTypePdf } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

import { Figure } from '../parts/figure';
import { inMoney } from '../parts/money';
import { LoadingRows, Page } from '../parts/page';
import { dateInWords, monthInWords, useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { CreditNotes, Lines } from './lines';
import { type Invoice, invoiceQuery } from './queries';
import { STATES } from './words';

/** One invoice of the tenant's own. */
export function InvoicePage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(invoiceQuery(id));
  const invoice = data?.invoice ?? null;
  return (
    <Page title={invoice === null ? 'Invoice' : titleOf(invoice)} lead="What you owe for one month, and why.">
      <Anchor component={Link} href="/billing" size="sm">
        <IconArrowLeft size={14} aria-hidden /> All invoices
      </Anchor>
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && invoice === null && <Text>There is no such invoice.</Text>}
      {invoice !== null && <InvoiceView invoice={invoice} />}
    </Page>
  );
}

export function titleOf({ number, month }: Pick<Invoice, 'number' | 'month'>): string {
  return `${number === null ? 'Draft' : `Invoice ${number}`} for ${monthInWords(month)}`;
}

interface InvoiceViewProps {
  invoice: Invoice;
  /** What else can be done with it. */
  actions?: ReactNode;
}

/** An invoice with its lines, files and credit notes. */
export function InvoiceView({ invoice, actions }: InvoiceViewProps) {
  const { total, amountDue, digest, pdfUrl, csvUrl, billUrl } = invoice;
  return (
    <Stack gap="lg">
      <Figure label="Total" value={inMoney(total)} aside={<StateBadge invoice={invoice} />}>
        {amountDue.amount !== total.amount && <Text size="sm">Still to be paid: {inMoney(amountDue)}</Text>}
        <Course invoice={invoice} />
        <Group gap="xs" mt="sm">
          <File href={pdfUrl} icon={<IconFileTypePdf size={16} aria-hidden />} label="PDF" />
          <File href={csvUrl} icon={<IconFileTypeCsv size={16} aria-hidden />} label="CSV" />
          <File href={billUrl} icon={<IconBraces size={16} aria-hidden />} label="Bill with its usage" />
          {actions}
        </Group>
      </Figure>
      <Lines lines={invoice.lines} total={total} />
      {invoice.creditNotes.length > 0 && <CreditNotes notes={invoice.creditNotes} />}
      <Text size="xs" c="dimmed" className="anywhere">
        The bill holds the usage that it was made from; <code>portal bill verify</code> rates it again on your own
        machine. SHA-256 of that usage: <code>{digest}</code>
      </Text>
    </Stack>
  );
}

function StateBadge({ invoice: { state } }: { invoice: Invoice }) {
  const [label, color] = STATES[state];
  return <Badge color={color}>{label}</Badge>;
}

/** When it was issued, is due, was paid or was made void. */
function Course({ invoice: { issuedAt, dueOn, paidAt, paymentReference, voidedAt, voidReason } }: { invoice: Invoice }) {
  const clock = useClock();
  const steps: string[] = [];
  if (issuedAt !== null) steps.push(`Issued ${clock.long(issuedAt)}`);
  if (dueOn !== null && paidAt === null && voidedAt === null) steps.push(`due by ${dateInWords(dueOn)}`);
  if (paidAt !== null) steps.push(`paid ${clock.long(paidAt)}${paymentReference === null ? '' : `, reference ${paymentReference}`}`);
  if (voidedAt !== null) steps.push(`void since ${clock.long(voidedAt)}${voidReason === null ? '' : `: ${voidReason}`}`);
  if (steps.length === 0) return null;
  return (
    <Text size="sm" c="dimmed">
      {steps.join('; ')}
    </Text>
  );
}

function File({ href, icon, label }: { href: string; icon: ReactNode; label: string }) {
  return (
    <Button component="a" href={href} download size="xs" variant="default" leftSection={icon}>
      {label}
    </Button>
  );
}
