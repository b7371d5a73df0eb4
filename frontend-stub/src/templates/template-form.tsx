import { Alert, Button, Group, Modal, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { request } from '../api/client';
import { queryClient, type Template, type Variable } from '../api/queries';
import { errorsByField } from '../api/user-errors';
import { TemplateCreateDocument, type TemplateCategory, type TemplateKind, TemplateUpdateDocument } from '../generated/operations';
import { Phone } from '../parts/phone';
import { Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { variablesIn, withExamples } from './text';
import { VariablesEditor } from './variables-editor';

const KINDS: Readonly<Record<TemplateKind, string>> = {
  TEXT: 'Us: it can be sent at once',
  CONTENT: 'The messaging service: it gets each version first',
};
const CATEGORIES: readonly TemplateCategory[] = ['TRANSACTIONAL', 'NOTIFICATION', 'MARKETING'];
const MEANINGS: Record<TemplateCategory, string> = {
  TRANSACTIONAL: 'Something that the recipient asked for: an order, an appointment',
  NOTIFICATION: 'News that the recipient expects',
  MARKETING: 'An offer: only to people who agreed to get them',
};

interface TemplateFormProps {
  template: Template | 'new' | null;
  onClose: () => void;
}

/** A new template, or the next version of one, in a dialog with its preview. */
export function TemplateForm({ template, onClose }: TemplateFormProps) {
  return (
    <Modal
      opened={template !== null}
      onClose={onClose}
      size="xl"
      title={<Text fw={650}>{template === 'new' ? 'New template' : 'Edit template'}</Text>}
    >
      {template !== null && <Fields template={template === 'new' ? null : template} onClose={onClose} />}
    </Modal>
  );
}

function Fields({ template, onClose }: { template: Template | null; onClose: () => void }) {
  const [name, setName] = useState(template?.name ?? '');
  const [category, setCategory] = useState<TemplateCategory>(template?.category ?? 'TRANSACTIONAL');
  const [kind, setKind] = useState<TemplateKind>(template?.kind ?? 'TEXT');
  const [body, setBody] = useState(template?.current.body ?? '');
  const [told, setTold] = useState<readonly Variable[]>(template?.current.variables ?? []);
  // The text itself says which variables there are; the form only describes them.
  const variables = variablesIn(body).map((wanted) => told.find(({ name }) => name === wanted) ?? blank(wanted));
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => save(template, kind, { name: name.trim(), category, body, variables: variables.map(withExample) }),
    onSuccess: (payload) => {
      if (payload?.template == null) return;
      const { name: saved, current } = payload.template;
      void queryClient.invalidateQueries({ queryKey: ['templates'] });
      notifications.show({ color: 'green', title: saved, message: `Version ${current.number} is ${kind === 'TEXT' ? 'ready to send' : 'on its way to the messaging service'}.` });
      onClose();
    },
  });
  const problems = errorsByField(data?.errors ?? [], ['name', 'category', 'body', 'variables'] as const);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <Stack>
          <TextInput
            label="Name"
            data-autofocus
            required
            maxLength={100}
            value={name}
            error={problems.name}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
          />
          <Select
            label="Purpose"
            description={MEANINGS[category]}
            allowDeselect={false}
            data={CATEGORIES.map((value) => ({ value, label: inWords(value) }))}
            value={category}
            error={problems.category}
            onChange={(value) => {
              if (value !== null) setCategory(value);
            }}
          />
          {template === null && (
            <Select
              label="Filled by"
              description="For good: it cannot be changed later"
              allowDeselect={false}
              data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
              value={kind}
              onChange={(value) => {
                if (value !== null) setKind(value as TemplateKind);
              }}
            />
          )}
          <Textarea
            label="Text"
            description="Write {{first_name}} where a contact's own detail belongs."
            required
            autosize
            minRows={4}
            maxLength={1600}
            value={body}
            error={problems.body}
            onChange={(event) => {
              setBody(event.currentTarget.value);
            }}
          />
          <VariablesEditor variables={variables} error={problems.variables} onChange={setTold} />
        </Stack>
        <Stack>
          <Text size="sm" fw={550} component="h3">
            Example
          </Text>
          <Phone text={withExamples(body, variables)} label="Example of the template" />
          {template !== null && (
            <Text size="sm" c="dimmed">
              Saving makes version {template.current.number + 1}. What was sent before keeps its text.
            </Text>
          )}
        </Stack>
      </SimpleGrid>
      <Stack mt="lg">
        {error !== null && <Trouble error={error} />}
        {problems.form !== undefined && (
          <Alert color="red" role="alert">
            {problems.form}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending} disabled={name.trim() === '' || body.trim() === ''}>
            {template === null ? 'Create template' : 'Save new version'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function blank(name: string): Variable {
  return { name, example: '', default: null, required: true };
}

/** An example is owed to the schema; a variable's own name serves until someone thinks of a better one. */
function withExample(variable: Variable): Variable {
  return { ...variable, example: variable.example.trim() === '' ? inWords(variable.name) : variable.example };
}

async function save(
  template: Template | null,
  kind: TemplateKind,
  input: { name: string; category: TemplateCategory; body: string; variables: Variable[] },
) {
  if (template === null) return (await request(TemplateCreateDocument, { input: { ...input, kind } })).templateCreate;
  return (await request(TemplateUpdateDocument, { id: template.id, input })).templateUpdate;
}
