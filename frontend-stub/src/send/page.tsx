import { Alert, Button, Card, Grid, Stack, Text, Title, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';

import { request } from '../api/client';
import { type Estimate, estimateQuery, queryClient } from '../api/queries';
import { isAnswered } from '../api/user-errors';
import { MessageSendDocument, type MessageSendInput } from '../generated/operations';
import { Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { useMay } from '../session/viewer';
import { AudienceFields } from './audience';
import { hasOthers, useDraft, whyNot } from './draft';
import { EstimatePanel } from './estimate';
import { Manner } from './manner';
import { MediaFields } from './media';
import { OWN_TEXT, TemplateChoice } from './template-choice';
import { Variables } from './variables';

/** The main job: what to say, to whom, and off it goes. */
export function SendPage() {
  const draft = useDraft();
  const { audience, manner, variables } = draft;
  const money = useMay('BILLING_READ');
  const [settled] = useDebouncedValue(draft.input, 250);
  const estimate = useQuery(estimateQuery(settled, money));
  const shown = draft.input === null ? null : (estimate.data?.messageEstimate ?? null);
  const sending = useSend();
  const blocked = whyNot(draft) ?? (shown === null ? null : stopsAll(shown));
  const send = () => {
    if (draft.input !== null && blocked === null) sending.mutate({ ...draft.input, onRefusal: draft.onRefusal });
  };
  return (
    <Page title="Send a message" lead="Choose what to say and who gets it. You see exactly what arrives before you send.">
      <Grid gap="lg" align="flex-start">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Step number={1} title="Message">
              <TemplateChoice choice={draft.choice} ownText={draft.ownText} onChoose={draft.choose} onOwnText={draft.write} />
              {draft.choice !== null && <MediaFields urls={draft.mediaUrls} own={draft.choice === OWN_TEXT} onChange={draft.attach} />}
            </Step>
            <Step number={2} title="Recipients">
              <AudienceFields
                audience={audience}
                details={variables.filter((variable) => variable.default === null).map(({ name }) => name)}
                onChange={draft.address}
              />
            </Step>
            {variables.length > 0 && (
              <Step number={3} title="Details">
                <Variables
                  variables={variables}
                  contacts={audience.contacts}
                  others={hasOthers(audience)}
                  values={draft.values}
                  onChange={draft.setValues}
                />
              </Step>
            )}
            <Step number={variables.length > 0 ? 4 : 3} title="When and how">
              <Manner manner={manner} onChange={draft.setManner} />
            </Step>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }} className="sticky">
          <Stack gap="md">
            <EstimatePanel estimate={shown} sample={draft.sample} stale={estimate.isPlaceholderData} />
            {estimate.error !== null && draft.input !== null && (
              <Trouble error={estimate.error} onRetry={() => void estimate.refetch()} />
            )}
            {sending.error !== null && <Trouble error={sending.error} onRetry={send} />}
            {sending.refused.length > 0 && <NotSent sentences={sending.refused} />}
            <Tooltip label={blocked} disabled={blocked === null}>
              <Button
                size="lg"
                fullWidth
                leftSection={<IconSend size={20} aria-hidden />}
                loading={sending.isPending}
                aria-disabled={blocked !== null}
                {...(blocked !== null && { 'data-disabled': true })}
                aria-describedby="why-not"
                onClick={send}
              >
                {manner.sendAt === null ? 'Send' : 'Schedule'}
                {shown !== null && shown.recipients > 0 && ` ${manner.sendAt === null ? 'to' : 'for'} ${counted(shown.recipients, 'person', 'people')}`}
              </Button>
            </Tooltip>
            <Text id="why-not" size="sm" c="dimmed" ta="center" mih={22}>
              {blocked}
            </Text>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

/** Why nobody would get it; null: somebody would. */
function stopsAll({ recipients, verdicts }: Estimate): string | null {
  if (verdicts.some(({ passed }) => !passed)) return 'A rule stands against the text';
  return recipients === 0 ? 'Nobody of these can get it' : null;
}

/** At most so many reasons are told: of thousands who are refused each has one. */
const MOST_REASONS = 10;

function NotSent({ sentences }: { sentences: readonly string[] }) {
  const shown = [...new Set(sentences)].slice(0, MOST_REASONS);
  return (
    <Alert color="red" role="alert" title="Not sent">
      <Stack gap={4}>
        {shown.map((sentence) => (
          <Text size="sm" key={sentence}>
            {sentence}
          </Text>
        ))}
        {sentences.length > shown.length && <Text size="sm">{counted(sentences.length, 'recipient')} in all are refused.</Text>}
      </Stack>
    </Alert>
  );
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  const id = `step-${number}`;
  return (
    <Card component="section" aria-labelledby={id}>
      <Stack gap="md">
        <Title order={2} size="h4" id={id}>
          {number}. {title}
        </Title>
        {children}
      </Stack>
    </Card>
  );
}

/** Sends once, however often the button is pressed: retries carry the same idempotency key. */
function useSend() {
  const [, navigate] = useLocation();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const mutation = useMutation({
    mutationFn: async (input: Omit<MessageSendInput, 'idempotencyKey'>) => {
      const { messageSend } = await request(MessageSendDocument, { input: { ...input, idempotencyKey: key } });
      return messageSend;
    },
    onSuccess: (payload) => {
      void queryClient.invalidateQueries({ queryKey: ['allowance'] });
      if (payload?.batch != null) navigate(`/batches/${encodeURIComponent(payload.batch.id)}`);
      else if (isAnswered(payload)) setKey(crypto.randomUUID());
    },
  });
  return { ...mutation, refused: mutation.data?.errors.map(({ message }) => message) ?? [] };
}
