import { Alert, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Figure } from '../parts/figure';
import { inMoney } from '../parts/money';
import { Months, useMonths } from '../parts/months';
import { inNumbers, inPercent } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { economicsQuery, type Unit } from './queries';
import { TierCard } from './tier';

const UNKNOWN = '–';

/** All tenants together, and each plan at its worst beside what it was. */
export function Figures() {
  const range = useMonths();
  const { data, error, refetch } = useQuery(economicsQuery({ range }));
  return (
    <Stack gap="lg">
      <Months />
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data?.unitEconomics != null && <Together unit={data.unitEconomics} />}
      {data?.tierEconomics != null && (
        <section aria-labelledby="tiers">
          <Title order={2} size="h3" id="tiers">
            Plan by plan
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            At full use: one tenant in a month of 31 days that uses all of its allowance. The others: all tenants of the plan.
          </Text>
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {data.tierEconomics.map((tier, index) => (
              <TierCard key={tier.plan?.id ?? index} tier={tier} />
            ))}
          </SimpleGrid>
        </section>
      )}
    </Stack>
  );
}

function Together({ unit }: { unit: Unit }) {
  const { revenue, cost, grossMargin, grossMarginRatio, churnRatio, freeToPaidRatio, averageLifetimeValue, averagePaybackMonths } = unit;
  const { tenantsAtStart, tenantsNew, tenantsClosed, tenantsAtEnd, unconverted } = unit;
  return (
    <Stack>
      {unconverted.length > 0 && (
        <Alert color="orange" title="Not everything is in these figures">
          The rate card has no exchange rate for {unconverted.join(', ')}; what is in it is left out.
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Figure label="Revenue" value={inMoney(revenue)} />
        <Figure label="Cost of goods sold" value={inMoney(cost)} />
        <Figure label="Gross margin" value={inMoney(grossMargin)}>
          <Text size="sm">{grossMarginRatio === null ? 'nothing came in' : `${inPercent(grossMarginRatio)} of the revenue`}</Text>
        </Figure>
        <Figure label="Tenants" value={inNumbers(tenantsAtEnd)}>
          <Text size="sm">
            {inNumbers(tenantsAtStart)} at first, {inNumbers(tenantsNew)} came, {inNumbers(tenantsClosed)} left
          </Text>
        </Figure>
        <Figure label="Churn" value={churnRatio === null ? UNKNOWN : inPercent(churnRatio)} />
        <Figure label="From free to paid" value={freeToPaidRatio === null ? UNKNOWN : inPercent(freeToPaidRatio)} />
        <Figure label="Lifetime value" value={averageLifetimeValue === null ? UNKNOWN : inMoney(averageLifetimeValue)}>
          <Text size="sm">{averageLifetimeValue === null ? 'no tenant left' : 'of a tenant, on average'}</Text>
        </Figure>
        <Figure label="Payback" value={averagePaybackMonths === null ? UNKNOWN : counted(Number(averagePaybackMonths), 'month')}>
          <Text size="sm">{averagePaybackMonths === null ? 'no acquisition cost entered' : 'of what winning a tenant cost'}</Text>
        </Figure>
      </SimpleGrid>
    </Stack>
  );
}
