import { Badge, Button, Card, EmptyState, Group, SimpleGrid, Stack, Switch, Text, Title } from '@mantine/core';
import { IconArchive, IconEye, IconPencil, IconPlus, IconSend, IconTemplate } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';

import { type Template, templatesQuery } from '../api/queries';
import { LoadingRows, Page } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Phone } from '../parts/phone';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { useMay } from '../session/viewer';
import { ArchiveTemplate } from './archive-template';
import { canBeSent, ContentNotice } from './content';
import { PreviewTemplate } from './preview';
import { TemplateForm } from './template-form';
import { withExamples } from './text';

/** The texts that a company sends again and again. */
export function TemplatesPage() {
  const mayWrite = useMay('TEMPLATES_WRITE');
  const [params, setParams] = useSearchParams();
  const [edited, setEdited] = useState<Template | 'new' | null>(params.has('new') && mayWrite ? 'new' : null);
  const archived = params.has('archived');
  return (
    <Page
      title="Templates"
      lead="Texts you write once and send often, with places for each contact's own details."
      actions={
        mayWrite && (
          <Button
            leftSection={<IconPlus size={18} aria-hidden />}
            onClick={() => {
              setEdited('new');
            }}
          >
            New template
          </Button>
        )
      }
    >
      <Switch
        label="Show archived ones"
        checked={archived}
        onChange={(event) => {
          setParams(event.currentTarget.checked ? { archived: '' } : {});
        }}
      />
      <TemplateList archived={archived} mayWrite={mayWrite} onEdit={setEdited} />
      <TemplateForm
        template={edited}
        onClose={() => {
          setEdited(null);
        }}
      />
    </Page>
  );
}

interface TemplateListProps {
  archived: boolean;
  mayWrite: boolean;
  onEdit: (template: Template | 'new') => void;
}

function TemplateList({ archived, mayWrite, onEdit }: TemplateListProps) {
  const page = usePage(12);
  const { data, error, refetch } = useQuery(templatesQuery({ ...page, filter: { archived } }));
  const [leaving, setLeaving] = useState<Template | null>(null);
  const [looked, setLooked] = useState<Template | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.templates ?? {};
  if (nodes.length === 0) return <Nothing archived={archived} mayWrite={mayWrite} onEdit={onEdit} />;
  return (
    <Stack>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {nodes.map((template) => (
          <TemplateCard key={template.id} template={template} mayWrite={mayWrite} onEdit={onEdit} onArchive={setLeaving} onLook={setLooked} />
        ))}
      </SimpleGrid>
      {pageInfo !== undefined && <Pager info={pageInfo} back="Previous" forward="Next" />}
      <PreviewTemplate
        template={looked}
        onClose={() => {
          setLooked(null);
        }}
      />
      <ArchiveTemplate
        template={leaving}
        onClose={() => {
          setLeaving(null);
        }}
      />
    </Stack>
  );
}

interface TemplateCardProps extends Omit<TemplateListProps, 'archived'> {
  template: Template;
  onArchive: (template: Template) => void;
  onLook: (template: Template) => void;
}

function TemplateCard({ template, mayWrite, onEdit, onArchive, onLook }: TemplateCardProps) {
  const clock = useClock();
  const maySend = useMay('MESSAGES_SEND') && canBeSent(template);
  const mayLook = useMay('CONTACTS_READ');
  const { id, name, category, topic, current, archivedAt } = template;
  return (
    <Card component="article" aria-label={name}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h5">
            {name}
          </Title>
          <Badge color="gray">{inWords(category)}</Badge>
        </Group>
        <Phone text={withExamples(current.body, current.variables)} label={`Example of ${name}`} />
        <Text size="xs" c="dimmed">
          {archivedAt === null
            ? `Version ${current.number}, ${clock.day(current.createdAt)}`
            : `Archived ${clock.day(archivedAt)}`}
          {topic !== null && `, about ${topic}`}
        </Text>
        <ContentNotice template={template} />
        {archivedAt === null && (
          <Group gap="xs" mt="auto">
            {maySend && (
              <Button component={Link} href={`/?template=${encodeURIComponent(id)}`} size="xs" leftSection={<IconSend size={14} aria-hidden />} aria-label={`Send ${name}`}>
                Send
              </Button>
            )}
            {mayLook && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconEye size={14} aria-hidden />}
                aria-label={`Preview ${name}`}
                onClick={() => {
                  onLook(template);
                }}
              >
                Preview
              </Button>
            )}
            {mayWrite && (
              <>
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconPencil size={14} aria-hidden />}
                  aria-label={`Edit ${name}`}
                  onClick={() => {
                    onEdit(template);
                  }}
                >
                  Edit
                </Button>
                <Button
                  size="xs"
                  variant="subtle"
                  color="gray"
                  leftSection={<IconArchive size={14} aria-hidden />}
                  aria-label={`Archive ${name}`}
                  onClick={() => {
                    onArchive(template);
                  }}
                >
                  Archive
                </Button>
              </>
            )}
          </Group>
        )}
      </Stack>
    </Card>
  );
}

function Nothing({ archived, mayWrite, onEdit }: TemplateListProps) {
  return (
    <EmptyState
      icon={<IconTemplate aria-hidden />}
      title={archived ? 'Nothing is archived' : 'No templates yet'}
      description={archived ? 'Templates that you put away appear here.' : 'Write a text once, and send it to each contact with their own details.'}
    >
      <EmptyState.Actions>
        {mayWrite && !archived && (
          <Button
            onClick={() => {
              onEdit('new');
            }}
          >
            Write the first one
          </Button>
        )}
      </EmptyState.Actions>
    </EmptyState>
  );
}
