import { EmptyState } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { Advice } from './advice';
import { Catalogue } from './catalogue';
import { History } from './history';
import { PresentPlan } from './present';
import { planQuery } from './queries';

/** The tenant's plan, what is left of it, and which others there are. */
export function PlanPage() {
  const { data, error, refetch } = useQuery(planQuery);
  const present = data?.plan ?? null;
  return (
    <Page title="Plan" lead="What you have, what is left of it, and what else there is. Prices are without taxes.">
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows />}
      {data !== undefined && present === null && (
        <EmptyState icon={<IconStack2 aria-hidden />} title="No plan yet" description="Choose one of those below to begin." />
      )}
      {present !== null && <PresentPlan present={present} />}
      {present !== null && <Advice />}
      {data !== undefined && <Catalogue present={present} />}
      {data !== undefined && <History />}
    </Page>
  );
}
