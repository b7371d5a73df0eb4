import { Button, EmptyState, SimpleGrid } from '@mantine/core';
import { IconPlus, IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';

import { request } from '../api/client';
import { PlanRetireDocument } from '../generated/operations';
import { Choice } from '../parts/choice';
import { LoadingRows, Page } from '../parts/page';
import { Question } from '../parts/question';
import { Trouble } from '../parts/trouble';
import { VersionCard } from './card';
import { catalogueQuery, holdersOf, OF_THE_CATALOGUE, type PlanVersion } from './queries';

const SHOWN = { PUBLISHED: 'On sale', DRAFT: 'Drafts', RETIRED: 'Retired', ALL: 'All' };

/** For the operator: all versions of all plans. */
export function CataloguePage() {
  return (
    <Page
      title="Catalogue"
      lead="The plans that you sell. A published version never changes: whoever has it keeps it."
      actions={
        <Button component={Link} href="/catalogue/new" leftSection={<IconPlus size={16} aria-hidden />}>
          New plan
        </Button>
      }
    >
      <Choice name="state" label="State" choices={SHOWN} />
      <Versions />
    </Page>
  );
}

function Versions() {
  const [params] = useSearchParams();
  const shown = params.get('state') ?? 'PUBLISHED';
  const { data, error, refetch } = useQuery(catalogueQuery);
  const [retiring, setRetiring] = useState<PlanVersion | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const plans = (data.plans ?? []).filter(({ state }) => shown === 'ALL' || state === shown);
  if (plans.length === 0) {
    return <EmptyState icon={<IconStack2 aria-hidden />} title="None of these" description="A new plan is a draft, or on sale at once." />;
  }
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
        {plans.map((plan) => (
          <VersionCard key={plan.id} plan={plan} tenants={holdersOf(data, plan)} onRetire={setRetiring} />
        ))}
      </SimpleGrid>
      <Question
        about={retiring}
        title={retiring?.state === 'DRAFT' ? 'Throw this draft away' : 'Take this plan off sale'}
        stay="Keep it"
        act={retiring?.state === 'DRAFT' ? 'Throw away' : 'Retire'}
        ask={async ({ id }) => (await request(PlanRetireDocument, { id })).planRetire}
        touches={OF_THE_CATALOGUE}
        onClose={() => {
          setRetiring(null);
        }}
      >
        {({ name, version, state }) =>
          state === 'DRAFT'
            ? `Nothing is left of the draft of ${name}.`
            : `Nobody can choose ${name}, version ${version}, any more. Whoever has it keeps it. This cannot be undone; you can publish a new version.`
        }
      </Question>
    </>
  );
}
