import { Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';

import { request } from '../api/client';
import { CreditPurchaseDocument } from '../generated/operations';
import { inMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { Question } from '../parts/question';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import type { Pack } from './queries';

interface Asked {
  pack: Pack;
  /** One question buys once, however often it is answered. */
  key: string;
}

/** The packs of credits that the plan has. */
export function Packs({ packs }: { packs: readonly Pack[] }) {
  const mayBuy = useMay('BILLING_WRITE');
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <section aria-labelledby="packs">
      <Title order={2} size="h4" id="packs" mb="sm">
        Packs to buy
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {packs.map((pack) => (
          <PackCard
            key={pack.credits}
            pack={pack}
            onBuy={
              mayBuy
                ? () => {
                    setAsked({ pack, key: crypto.randomUUID() });
                  }
                : undefined
            }
          />
        ))}
      </SimpleGrid>
      <Question
        about={asked}
        title="Buy these credits?"
        stay="Not now"
        act="Buy"
        color="petrol"
        ask={async ({ pack: { credits }, key }) =>
          (await request(CreditPurchaseDocument, { input: { idempotencyKey: key, credits } })).creditPurchase
        }
        touches={['credits']}
        onClose={() => {
          setAsked(null);
        }}
      >
        {({ pack: { credits, price } }) =>
          `${counted(credits, 'credit')}${price === null ? '' : ` for ${inMoney(price)}`}, without taxes. They are on your next invoice, unless you pay them before.`
        }
      </Question>
    </section>
  );
}

function PackCard({ pack: { credits, units, unit, unitsPerCredit, validDays, price }, onBuy }: { pack: Pack; onBuy: (() => void) | undefined }) {
  return (
    <Card component="article" aria-label={counted(credits, 'credit')}>
      <Stack gap="xs" h="100%">
        <Text fw={650}>{counted(credits, 'credit')}</Text>
        {price !== null && (
          <Group gap={6} align="baseline">
            <Text fz={28} fw={700} lh={1.2} className="numbers">
              {inMoney(price)}
            </Text>
          </Group>
        )}
        <Text size="sm">
          Good for {inNumbers(units)} {unit.toLowerCase()}: {inNumbers(unitsPerCredit)} a credit
        </Text>
        <Text size="sm" c="dimmed">
          {validDays === null ? 'Never lapses' : `Lapses after ${counted(validDays, 'day')}`}
        </Text>
        {onBuy !== undefined && (
          <Button mt="auto" variant="light" aria-label={`Buy ${counted(credits, 'credit')}`} onClick={onBuy}>
            Buy
          </Button>
        )}
      </Stack>
    </Card>
  );
}
