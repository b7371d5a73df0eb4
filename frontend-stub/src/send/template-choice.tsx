import { Alert, Anchor, Badge, EmptyState, Group, Radio, SimpleGrid, Text, Textarea, TextInput } from '@mantine/core';
import { IconSearch, IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { type Template, templatesQuery } from '../api/queries';
import { LoadingRows } from '../parts/page';
import { Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { useMay } from '../session/viewer';
import { canBeSent } from '../templates/content';

export const OWN_TEXT = 'own-text';
const MANY = 6;

interface TemplateChoiceProps {
  choice: string | null;
  ownText: string;
  onChoose: (choice: string) => void;
  onOwnText: (text: string) => void;
}

/** What to say: one of the company's templates, or a text of one's own. */
export function TemplateChoice({ choice, ownText, onChoose, onOwnText }: TemplateChoiceProps) {
  const { data, error, refetch } = useQuery(templatesQuery({ first: 50 }));
  const [wanted, setWanted] = useState('');
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  const templates = (data.templates?.nodes ?? []).filter(canBeSent);
  const shown = templates.filter(({ id, name }) => id === choice || name.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <>
      {templates.length > MANY && (
        <TextInput
          type="search"
          aria-label="Find a template"
          placeholder="Find a template"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={wanted}
          onChange={(event) => {
            setWanted(event.currentTarget.value);
          }}
        />
      )}
      {templates.length === 0 && <NoTemplates />}
      <Radio.Group value={choice} onChange={onChoose} aria-label="Template">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          {shown.map((template) => (
            <TemplateCard key={template.id} template={template} />
          ))}
          <Card value={OWN_TEXT} title="Your own text" text="Write something just for this once." />
        </SimpleGrid>
      </Radio.Group>
      {choice === OWN_TEXT && (
        <Textarea
          label="Your text"
          description="Write {{first_name}} where each contact's own detail belongs."
          autosize
          minRows={3}
          maxLength={1600}
          value={ownText}
          onChange={(event) => {
            onOwnText(event.currentTarget.value);
          }}
        />
      )}
    </>
  );
}

function TemplateCard({ template }: { template: Template }) {
  const { id, name, category, current } = template;
  return <Card value={id} title={name} text={current.body} badge={inWords(category)} />;
}

function Card({ value, title, text, badge }: { value: string; title: string; text: string; badge?: string }) {
  return (
    <Radio.Card value={value} p="md" radius="md" className="template-card" aria-label={title}>
      <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
        <Text fw={600}>{title}</Text>
        <Radio.Indicator />
      </Group>
      <Text size="sm" c="dimmed" lineClamp={3} my={6}>
        {text}
      </Text>
      {badge !== undefined && (
        <Badge size="sm" color="gray">
          {badge}
        </Badge>
      )}
    </Radio.Card>
  );
}

function NoTemplates() {
  const mayWrite = useMay('TEMPLATES_WRITE');
  if (!mayWrite) return <Alert color="gray">Your company has no templates yet. You can write your own text.</Alert>;
  return (
    <EmptyState
      size="sm"
      icon={<IconTemplate aria-hidden />}
      title="No templates yet"
      description="A template is a text that you write once and send often."
    >
      <EmptyState.Actions>
        <Anchor component={Link} href="/templates?new">
          Write the first one
        </Anchor>
      </EmptyState.Actions>
    </EmptyState>
  );
}
