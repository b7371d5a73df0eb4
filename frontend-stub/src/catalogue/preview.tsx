import { Card, Stack, Text, Title } from '@mantine/core';

import type { Money } from '../parts/money';
import { isExact } from '../parts/numbers';
import type { Contents } from '../plan/contents';
import { Offered } from '../plan/offer';
import { inputOf, type PlanDraft, slipsOf } from './draft';

const CURRENCY = /^[A-Z]{3}$/;
const AT_LIMIT = { TIER: 'STOP', TIER_WITH_OVERAGE: 'OVERAGE', CREDITS: 'CREDITS', FIXED_MARGIN: 'STOP', DYNAMIC_MARGIN: 'STOP' } as const;

/** A plan as tenants will see it, while it is written. */
export function Preview({ draft }: { draft: PlanDraft }) {
  const contents = contentsIn(draft);
  return (
    <Card component="section" aria-label="As tenants see it" className="offer">
      <Stack gap="sm">
        <Text size="sm" c="dimmed" fw={550}>
          As tenants see it
        </Text>
        <Title order={2} size="h4" className="anywhere">
          {draft.name.trim() === '' ? 'A plan without a name' : draft.name}
        </Title>
        {contents === null ? <Text size="sm">Once all its numbers are there.</Text> : <Offered plan={contents} />}
      </Stack>
    </Card>
  );
}

function contentsIn(draft: PlanDraft): (Contents & { description: string }) | null {
  if (slipsOf(draft).size > 0 || !CURRENCY.test(draft.currency)) return null;
  const { strategy, currency, period, fee, allowance, overage, brackets, creditPacks, countries, throughput, features, description } = inputOf(draft);
  const money = (amount: unknown): Money => ({ amount: typeof amount === 'string' && isExact(amount) ? amount : '0', currency });
  const unit = allowance?.unit ?? 'MESSAGES';
  return {
    ...{ strategy, description: description ?? '', period: period ?? 'MONTH', fee: money(fee) },
    allowance: { amount: allowance?.amount ?? null, unit, per: allowance?.per ?? 'MONTH', atLimit: AT_LIMIT[strategy] },
    overage: overage == null ? null : money(overage),
    brackets: (brackets ?? []).map(({ upTo }) => ({ upTo: upTo ?? null })),
    creditPacks: (creditPacks ?? []).map(({ credits, units, price, validDays }) => ({
      ...{ credits, units, unit, validDays: validDays ?? null, price: money(price) },
    })),
    countries: (countries ?? []).filter((code) => /^[A-Z]{2}$/.test(code)),
    throughput: isExact(throughput ?? '') ? (throughput ?? '1') : '1',
    features: features ?? [],
  };
}
