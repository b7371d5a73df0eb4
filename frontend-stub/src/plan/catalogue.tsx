import { Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { LoadingRows } from '../parts/page';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { useMay } from '../session/viewer';
import { Offered } from './offer';
import { PreviewChange } from './preview';
import { catalogueQuery, type OfferedPlan, type TenantPlan } from './queries';

/** The plans that are offered, side by side. */
export function Catalogue({ present }: { present: TenantPlan | null }) {
  const { data, error, refetch } = useQuery(catalogueQuery);
  const mayChange = useMay('PLAN_WRITE');
  const [chosen, setChosen] = useState<OfferedPlan | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  return (
    <section aria-labelledby="offered">
      <Title order={2} size="h3" id="offered">
        Plans to choose from
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        {mayChange
          ? 'An upgrade holds at once, all else from the next month on. You see what a change does before you make it.'
          : 'Who may change the plan: the Owner, administrators and billing managers of your company.'}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {data.planCatalogue?.map((plan) => (
          <Offer key={plan.id} plan={plan} present={present} onChoose={setChosen} />
        ))}
      </SimpleGrid>
      <PreviewChange
        plan={chosen}
        onClose={() => {
          setChosen(null);
        }}
      />
    </section>
  );
}

interface OfferProps {
  plan: OfferedPlan;
  present: TenantPlan | null;
  onChoose: (plan: OfferedPlan) => void;
}

function Offer({ plan, present, onChoose }: OfferProps) {
  const mayChange = useMay('PLAN_WRITE');
  const { id, name, version, state } = plan;
  const yours = present?.plan.id === id;
  return (
    <Card component="article" aria-label={`${name}, version ${version}`} className="offer" data-present={yours || undefined}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" gap="xs">
          <Title order={3} size="h4">
            {name}
          </Title>
          <Place plan={plan} present={present} />
        </Group>
        <Offered plan={plan} />
        {mayChange && !yours && state === 'PUBLISHED' && (
          <Button
            mt="auto"
            variant="light"
            aria-label={`Choose ${name}`}
            onClick={() => {
              onChoose(plan);
            }}
          >
            Choose
          </Button>
        )}
      </Stack>
    </Card>
  );
}

/** What the plan is to the tenant. */
function Place({ plan: { id, version, state }, present }: Pick<OfferProps, 'plan' | 'present'>) {
  const clock = useClock();
  const coming = present?.pendingChange;
  if (present?.plan.id === id) return <Badge>{state === 'RETIRED' ? 'Yours, no longer sold' : 'Yours'}</Badge>;
  if (coming?.to?.id === id) return <Badge color="orange">From {clock.day(coming.effectiveAt)}</Badge>;
  return version > 1 ? <Badge color="gray">Version {version}</Badge> : null;
}
