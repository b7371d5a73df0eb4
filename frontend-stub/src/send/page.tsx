import { Alert, Button, Card, Grid, Stack, Text, Title, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSend } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';

import { request } from '../api/client';
import { type Contact, estimateQuery, queryClient, templatesQuery, type Variable } from '../api/queries';
import { MessageSendDocument, type MessageSendInput } from '../generated/operations';
import { Page } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { counted, inWords } from '../parts/words';
import { variablesIn, withExamples } from '../templates/text';
import { EstimatePanel } from './estimate';
import { Recipients } from './recipients';
import { OWN_TEXT, TemplateChoice } from './template-choice';
import { unfilled, Variables } from './variables';

/** The main job: what to say, to whom, and off it goes. */
export function SendPage() {
  const draft = useDraft();
  const { contacts, variables } = draft;
  const [settled] = useDebouncedValue(draft.input, 250);
  const estimate = useQuery(estimateQuery(settled));
  const shown = draft.input === null ? null : (estimate.data?.messageEstimate ?? null);
  const sending = useSend();
  const blocked = whyNot(draft) ?? (shown?.recipients === 0 ? 'Nobody of these can get it' : null);
  const send = () => {
    if (draft.input !== null && blocked === null) sending.mutate(draft.input);
  };
  return (
    <Page title="Send a message" lead="Choose what to say and who gets it. You see exactly what arrives before you send.">
      <Grid gap="lg" align="flex-start">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="lg">
            <Step number={1} title="Message">
              <TemplateChoice choice={draft.choice} ownText={draft.ownText} onChoose={draft.choose} onOwnText={draft.write} />
            </Step>
            <Step number={2} title="Recipients">
              <Recipients chosen={contacts} details={variables.filter((variable) => variable.default === null).map(({ name }) => name)} onChange={draft.setContacts} />
            </Step>
            {variables.length > 0 && (
              <Step number={3} title="Details">
                <Variables variables={variables} contacts={contacts} values={draft.values} onChange={draft.setValues} />
              </Step>
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }} className="sticky">
          <Stack gap="md">
            <EstimatePanel estimate={shown} sample={draft.sample} stale={estimate.isPlaceholderData} />
            {estimate.error !== null && draft.input !== null && (
              <Trouble error={estimate.error} onRetry={() => void estimate.refetch()} />
            )}
            {sending.error !== null && <Trouble error={sending.error} onRetry={send} />}
            {sending.refused.map((sentence) => (
              <Alert key={sentence} color="red" role="alert" title="Not sent">
                {sentence}
              </Alert>
            ))}
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
                {shown === null || shown.recipients === 0
                  ? 'Send'
                  : `Send to ${counted(shown.recipients, 'person', 'people')}`}
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

type Draft = ReturnType<typeof useDraft>;

/** What the person has entered so far, and the request that it makes. */
function useDraft() {
  const [params] = useSearchParams();
  const [choice, choose] = useState(params.get('template'));
  const [ownText, write] = useState('');
  const [contacts, setContacts] = useState<Contact[]>([]);
  const [values, setValues] = useState<Record<string, string>>({});
  const { data } = useQuery(templatesQuery({ first: 50 }));
  const own = choice === OWN_TEXT;
  const template = data?.templates?.nodes.find(({ id }) => id === choice);
  const body = own ? ownText : (template?.current.body ?? '');
  const variables: readonly Variable[] = own
    ? variablesIn(ownText).map((name) => ({ name, example: inWords(name), default: null, required: true }))
    : (template?.current.variables ?? []);
  const given = variables.flatMap(({ name }) => {
    const value = values[name]?.trim() ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  const text = own ? { body: ownText } : { templateId: template?.id ?? null };
  const recipients = { contactIds: contacts.map(({ id }) => id) };
  const input =
    contacts.length === 0 || body.trim() === ''
      ? null
      : { ...text, recipients, variables: Object.fromEntries(given) };
  const sample = withExamples(body, variables);
  return { choice, choose, ownText, write, contacts, setContacts, values, setValues, variables, input, sample, body };
}

function whyNot({ body, contacts, variables, values }: Draft): string | null {
  if (body.trim() === '') return 'Choose a message first';
  if (contacts.length === 0) return 'Choose who gets it';
  const missing = unfilled({ variables, contacts, values });
  return missing === undefined ? null : `Fill in “${inWords(missing.name)}”`;
}

/** Sends once, however often the button is pressed: retries carry the same idempotency key. */
function useSend() {
  const [, navigate] = useLocation();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const mutation = useMutation({
    mutationFn: async (input: Omit<MessageSendInput, 'idempotencyKey' | 'onRefusal'>) => {
      const { messageSend } = await request(MessageSendDocument, { input: { ...input, idempotencyKey: key } });
      return messageSend;
    },
    onSuccess: (payload) => {
      void queryClient.invalidateQueries({ queryKey: ['allowance'] });
      if (payload?.batch != null) navigate(`/batches/${encodeURIComponent(payload.batch.id)}`);
      else setKey(crypto.randomUUID()); // refused for good: what is sent next is another request
    },
  });
  return { ...mutation, refused: mutation.data?.errors.map(({ message }) => message) ?? [] };
}
