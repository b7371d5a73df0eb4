import { EmptyState, Group, Stack, Text } from '@mantine/core';
import { IconCoins } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { Figure } from '../parts/figure';
import { inMoney } from '../parts/money';
import { inNumbers, isZero } from '../parts/numbers';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Trouble } from '../parts/trouble';
import { Lots } from './lots';
import { Packs } from './packs';
import { type CreditAccount, creditsQuery } from './queries';
import { Statement } from './statement';

/** What there is of credits, what can be bought, and what became of each. */
export function Credits() {
  const { data, error, refetch } = useQuery(creditsQuery(usePage(25)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const packs = data.plan?.plan.creditPacks ?? [];
  const { credits } = data;
  const entries = credits?.statement?.nodes ?? [];
  const pageInfo = credits?.statement?.pageInfo;
  if (credits === null || (packs.length === 0 && credits.lots.length === 0)) {
    return (
      <EmptyState
        icon={<IconCoins aria-hidden />}
        title="Your plan goes without credits"
        description="Some plans are paid beforehand, with packs of credits. Where yours has some, you buy them here."
      />
    );
  }
  return (
    <Stack gap="lg">
      <Balance account={credits} />
      {packs.length > 0 && <Packs packs={packs} />}
      {credits.lots.length > 0 && <Lots lots={credits.lots} counts={credits.unit} />}
      {entries.length > 0 && <Statement entries={entries} />}
      {pageInfo !== undefined && <Pager info={pageInfo} />}
    </Stack>
  );
}

function Balance({ account: { balance, units, unit, creditLimit } }: { account: CreditAccount }) {
  return (
    <Figure label="Balance" value={inNumbers(balance)} unit={balance === '1' ? 'credit' : 'credits'}>
      <Group gap="xs">
        <Text size="sm">
          Good for {inNumbers(units)} {unit.toLowerCase()}.
        </Text>
        <Text size="sm" c="dimmed">
          {creditLimit === null || isZero(creditLimit.amount)
            ? 'A pack can be used once it is paid.'
            : `Packs for up to ${inMoney(creditLimit)} can be used before they are paid.`}
        </Text>
      </Group>
    </Figure>
  );
}
