import { Accordion, EmptyState, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { IconReportMoney } from '@tabler/icons-react';

import { inMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { useClock } from '../parts/time';
import { counted } from '../parts/words';
import type { RateCard } from './queries';
import { SOURCES } from './words';

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' });

/** One version: where it comes from, and its rates category by category. */
export function RateCardView({ card }: { card: RateCard | null }) {
  const clock = useClock();
  if (card === null) {
    return (
      <EmptyState
        icon={<IconReportMoney aria-hidden />}
        title="No rate card yet"
        description="Publish one, from the provider’s list or a list of your own: without it nobody knows what usage costs."
      />
    );
  }
  const { version, source, currency, publishedAt, publishedBy, exchangeRates } = card;
  const categories = [...new Set(card.rates.map(({ category }) => category))];
  return (
    <Stack component="section" aria-labelledby="card">
      <div>
        <Title order={2} size="h3" id="card">
          Version {version}
        </Title>
        <Text size="sm" c="dimmed">
          In {currency}, from {SOURCES[source]}. Published by {publishedBy}, {clock.long(publishedAt)}
        </Text>
        {exchangeRates.length > 0 && (
          <Text size="sm">
            1 {currency} is {exchangeRates.map(({ currency: other, rate }) => `${inNumbers(rate)} ${other}`).join(', ')}
          </Text>
        )}
      </div>
      <Accordion variant="separated" multiple>
        {categories.map((category) => (
          <Accordion.Item key={category} value={category}>
            <Accordion.Control>
              <Group justify="space-between" pr="sm" gap="xs">
                <Text fw={550}>{category}</Text>
                <Text size="sm" c="dimmed">
                  {inWordsOf(card.rates.filter((rate) => rate.category === category))}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Rates category={category} rates={card.rates.filter((rate) => rate.category === category)} currency={currency} />
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Stack>
  );
}

function inWordsOf(rates: RateCard['rates']): string {
  return `${counted(rates.length, 'rate')}, the price of one ${rates[0]?.unit ?? 'unit'}`;
}

function Rates({ category, rates, currency }: { category: string; rates: RateCard['rates']; currency: string }) {
  const half = Math.ceil(rates.length / 2);
  const columns = rates.length > 6 ? [rates.slice(0, half), rates.slice(half)] : [rates];
  return (
    <SimpleGrid cols={{ base: 1, sm: columns.length }} spacing="xl">
      {columns.map((column, index) => (
        <Table key={index} aria-label={`Rates of ${category}`} verticalSpacing={4}>
          <Table.Tbody>
            {column.map(({ country, price }) => (
              <Table.Tr key={country}>
                <Table.Th scope="row" fw={450}>
                  {country === null ? 'Everywhere else' : COUNTRIES.of(country)}
                </Table.Th>
                <Table.Td ta="right" className="numbers">
                  {inMoney({ amount: price, currency })}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      ))}
    </SimpleGrid>
  );
}
