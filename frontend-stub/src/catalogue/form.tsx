import { Alert, Button, Card, Grid, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type SubmitEvent, useState } from 'react';
import { useLocation } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { errorsByPlace } from '../api/user-errors';
import { PlanDraftDocument, type PlanInput, PlanPublishDocument } from '../generated/operations';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { AllowanceFields } from './allowance-fields';
import { TryOut } from './backtest';
import { inputOf, type PlanDraft, slipsOf } from './draft';
import { Preview } from './preview';
import { PriceFields } from './price-fields';
import { PublishQuestion } from './publish';
import { OF_THE_CATALOGUE } from './queries';
import { ReachFields } from './reach-fields';
import { StrategyFields } from './strategy-fields';

export interface FieldsProps {
  draft: PlanDraft;
  /** What is wrong, by its place. */
  problems: ReadonlyMap<string, string>;
  change: (changes: Partial<PlanDraft>) => void;
}

/** A plan to be written, and what tenants will see of it beside. */
export function PlanForm({ start }: { start: PlanDraft }) {
  const [draft, setDraft] = useState(start);
  const [slips, setSlips] = useState<ReadonlyMap<string, string>>(new Map());
  const [asking, setAsking] = useState(false);
  const drafting = useKeeping(async (input) => (await request(PlanDraftDocument, { input })).planDraft, 'DRAFT');
  const publishing = useKeeping(async (input) => (await request(PlanPublishDocument, { input })).planPublish, 'PUBLISHED');
  const [tried, setTried] = useState<ReadonlyMap<string, string>>(new Map());
  const refused = [slips, tried, errorsByPlace(publishing.refusals), errorsByPlace(drafting.refusals)];
  const problems = refused.find(({ size }) => size > 0) ?? slips;
  const error = drafting.error ?? publishing.error;
  const change = (changes: Partial<PlanDraft>) => {
    setDraft({ ...draft, ...changes });
  };
  /** The plan for the server, unless a number is none; what was said of the one before is forgotten. */
  const written = (): PlanInput | null => {
    const found = slipsOf(draft);
    setSlips(found);
    setTried(new Map());
    drafting.reset();
    publishing.reset();
    return found.size > 0 ? null : inputOf(draft);
  };
  const keep = (event: SubmitEvent) => {
    event.preventDefault();
    const input = written();
    if (input !== null) drafting.mutate(input);
  };
  const publish = () => {
    setAsking(false);
    const input = written();
    if (input !== null) publishing.mutate(input);
  };
  const fields = { draft, problems, change };
  return (
    <Stack gap="lg">
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <form onSubmit={keep} noValidate>
            <Stack gap="lg">
              <PriceFields {...fields} />
              <AllowanceFields {...fields} />
              <StrategyFields {...fields} />
              <ReachFields {...fields} />
              {error !== null && <Trouble error={error} />}
              {problems.size > 0 && <Wrong problems={problems} />}
              <Group justify="flex-end">
                <Button type="submit" variant="default" loading={drafting.isPending}>
                  Keep as draft
                </Button>
                <Button
                  loading={publishing.isPending}
                  onClick={() => {
                    setAsking(true);
                  }}
                >
                  Publish
                </Button>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <div className="sticky">
            <Preview draft={draft} />
          </div>
        </Grid.Col>
      </Grid>
      <Card component="section" aria-label="Try it on past months">
        <TryOut written={written} onRefused={setTried} />
      </Card>
      <PublishQuestion
        name={draft.name}
        opened={asking}
        onPublish={publish}
        onClose={() => {
          setAsking(false);
        }}
      />
    </Stack>
  );
}

/** Says that there is something to mend, and what belongs to no field. */
function Wrong({ problems }: { problems: ReadonlyMap<string, string> }) {
  return (
    <Alert color="red" role="alert">
      <Text size="sm">{problems.get('form') ?? `Not saved: ${counted(problems.size, 'field')} above ${problems.size === 1 ? 'says' : 'say'} what to mend.`}</Text>
    </Alert>
  );
}

type Kept = { plan: { name: string; version: number } | null; errors: readonly { message: string; path: string[] | null }[] };

/** Keeps a plan, and goes on to where it is then. */
function useKeeping(ask: (input: PlanInput) => Promise<Kept | null>, state: 'DRAFT' | 'PUBLISHED') {
  const [, navigate] = useLocation();
  return useChange(ask, {
    touches: OF_THE_CATALOGUE,
    onDone: ({ plan }) => {
      const message = state === 'DRAFT' ? 'The draft is kept.' : `Version ${plan?.version ?? ''} is on sale.`;
      notifications.show({ color: 'green', title: plan?.name, message });
      navigate(state === 'DRAFT' ? '/catalogue?state=DRAFT' : '/catalogue');
    },
  });
}
