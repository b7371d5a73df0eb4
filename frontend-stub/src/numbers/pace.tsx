import { SimpleGrid, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { Figure } from '../parts/figure';
import { inNumbers } from '../parts/numbers';
import { throughputQuery } from './queries';

/** How fast messages leave, and what waits. */
export function Pace() {
  const { data } = useQuery(throughputQuery);
  const pace = data?.throughput ?? null;
  if (pace === null) return null;
  const { perSecond, queued, throttledLastHour } = pace;
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }}>
      <Figure label="Pace of your plan" value={inNumbers(perSecond)} unit={Number(perSecond) === 1 ? 'message a second' : 'messages a second'}>
        <Note>Over all numbers together</Note>
      </Figure>
      <Figure label="Waiting for their turn" value={inNumbers(queued)} unit={queued === 1 ? 'message' : 'messages'}>
        <Note>What waits longer than ten hours expires and costs nothing</Note>
      </Figure>
      <Figure label="Slowed down" value={inNumbers(throttledLastHour)} unit="times in the last hour">
        <Note>Carriers took a message only at a later try</Note>
      </Figure>
    </SimpleGrid>
  );
}

function Note({ children }: { children: string }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}
