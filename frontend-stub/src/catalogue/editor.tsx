import { Anchor, Text } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';

import { LoadingRows, Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { draftOf, NEW_PLAN } from './draft';
import { PlanForm } from './form';
import { catalogueQuery } from './queries';

/** Writes a plan: a new one, or the next version of one that is there. */
export function PlanEditorPage({ from }: { from?: string }) {
  return (
    <Page title={from === undefined ? 'New plan' : 'New version'} lead="Keep it as a draft, try it on past months, and put it on sale when it is right.">
      <Anchor component={Link} href="/catalogue" size="sm">
        <IconArrowLeft size={14} aria-hidden /> The catalogue
      </Anchor>
      {from === undefined ? <PlanForm start={NEW_PLAN} /> : <Next from={from} />}
    </Page>
  );
}

function Next({ from }: { from: string }) {
  const { data, error, refetch } = useQuery(catalogueQuery);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const plan = data.plans?.find(({ id }) => id === from);
  return plan === undefined ? <Text>There is no such plan.</Text> : <PlanForm start={draftOf(plan)} />;
}
