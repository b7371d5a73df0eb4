import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { RateCardView } from './card';
import { PublishCard } from './publish';
import { rateCardQuery } from './queries';
import { Versions } from './versions';

/** For the operator: what the provider asks for, in versions. */
export function RateCardPage() {
  return (
    <Page
      title="Rate card"
      lead="What the provider asks for. It estimates what usage costs, until the provider’s final price is there."
      actions={<PublishCard />}
    >
      <Stack gap="lg">
        <Shown />
        <Versions />
      </Stack>
    </Page>
  );
}

function Shown() {
  const [params] = useSearchParams();
  const version = params.get('version');
  const { data, error, refetch } = useQuery(rateCardQuery(version === null ? null : Number(version)));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  return <RateCardView card={data.rateCard} />;
}
