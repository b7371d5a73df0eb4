import { Badge, Card, Group, Progress, Stack, Text, Title } from '@mantine/core';

import type { UsageUnit } from '../generated/operations';
import { inMoney } from '../parts/money';
import { inNumbers } from '../parts/numbers';
import { isPast, useClock } from '../parts/time';
import { counted } from '../parts/words';
import type { Lot } from './queries';

interface LotsProps {
  lots: readonly Lot[];
  /** What the plan counts. */
  counts: UsageUnit;
}

/** What was bought, in the order in which it goes. */
export function Lots({ lots, counts }: LotsProps) {
  return (
    <Card component="section" aria-labelledby="lots">
      <Title order={2} size="h4" id="lots" mb={2}>
        What you bought
      </Title>
      <Text size="sm" c="dimmed">
        Those that lapse first go first.
      </Text>
      <Stack component="ul" gap={0} className="lines">
        {lots.map((lot) => (
          <LotItem key={lot.id} lot={lot} counts={counts} />
        ))}
      </Stack>
    </Card>
  );
}

function LotItem({ lot, counts }: { lot: Lot; counts: UsageUnit }) {
  const clock = useClock();
  const { credits, units, unit, remainingUnits, reservedUnits, price, purchasedAt, purchasedBy, expiresAt } = lot;
  const [state, color] = stateOf(lot);
  return (
    <li aria-label={counted(credits, 'credit')}>
      <Group justify="space-between" gap="xs">
        <Group gap="sm">
          <Text fw={550}>{counted(credits, 'credit')}</Text>
          <Badge color={color}>{state}</Badge>
          {unit !== counts && <Badge color="gray">Waits for a plan that counts {unit.toLowerCase()}</Badge>}
        </Group>
        <Text className="numbers">{inMoney(price)}</Text>
      </Group>
      <Progress
        my={8}
        aria-label={`${inNumbers(remainingUnits)} of ${inNumbers(units)} ${unit.toLowerCase()} left`}
        value={(100 * remainingUnits) / Math.max(1, units)}
      />
      <Text size="sm">
        {inNumbers(remainingUnits)} of {inNumbers(units)} {unit.toLowerCase()} left
        {reservedUnits > 0 && `, ${inNumbers(reservedUnits)} on their way`}
      </Text>
      <Text size="sm" c="dimmed">
        Bought {clock.short(purchasedAt)} by {purchasedBy.name}
        {expiresAt !== null && `; ${isPast(expiresAt) ? 'lapsed' : 'lapses'} ${clock.long(expiresAt)}`}
      </Text>
    </li>
  );
}

function stateOf({ usableAt, paidAt, expiresAt, remainingUnits, reservedUnits }: Lot): [state: string, color: string] {
  if (expiresAt !== null && isPast(expiresAt)) return ['Lapsed', 'gray'];
  if (usableAt === null) return ['Waits for its payment', 'orange'];
  if (remainingUnits + reservedUnits === 0) return ['Used up', 'gray'];
  return paidAt === null ? ['Usable, not paid yet', 'petrol'] : ['Usable', 'green'];
}
