import { Alert, List, Modal, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { type Contact, type Template, templatePreviewQuery } from '../api/queries';
import type { ValueOrigin } from '../generated/operations';
import { ContactChoice } from '../parts/contact-choice';
import { LoadingRows } from '../parts/page';
import { Phone } from '../parts/phone';
import { Trouble } from '../parts/trouble';
import { counted, inWords } from '../parts/words';

const ORIGINS: Readonly<Record<ValueOrigin, string>> = {
  PORTAL: 'The portal',
  CALLER: 'Given',
  CONTACT: 'The contact',
  EXAMPLE: 'The example',
  DEFAULT: 'The default',
  NOTHING: 'Nothing',
};

/** What a template says to a contact, and what fills it. */
export function PreviewTemplate({ template, onClose }: { template: Template | null; onClose: () => void }) {
  return (
    <Modal opened={template !== null} onClose={onClose} size="lg" title={<Text fw={650}>What {template?.name} says</Text>}>
      {template !== null && <Preview template={template} />}
    </Modal>
  );
}

function Preview({ template: { id } }: { template: Template }) {
  const [contact, setContact] = useState<Contact | null>(null);
  const { data, error, refetch } = useQuery(templatePreviewQuery({ id, contactId: contact?.id ?? null }));
  const preview = data?.templatePreview ?? null;
  return (
    <Stack>
      <ContactChoice label="To" description="With the examples until you choose somebody" chosen={contact} onChange={setContact} />
      {error !== null && <Trouble error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <LoadingRows count={2} />}
      {data !== undefined && preview === null && <Text size="sm">The template or the contact is there no more.</Text>}
      {preview !== null && (
        <>
          <Phone label="The message" text={preview.text} />
          <Text size="sm" c="dimmed">
            {counted(preview.segments, 'segment')}
            {preview.encodingReason !== null && `. ${preview.encodingReason}`}
          </Text>
          {(preview.missing.length > 0 || preview.warnings.length > 0) && (
            <Alert color="orange" title="Look at this">
              <List size="sm">
                {preview.missing.map((name) => (
                  <List.Item key={name}>Nothing fills “{inWords(name)}”: this recipient would be left out.</List.Item>
                ))}
                {preview.warnings.map(({ message }) => (
                  <List.Item key={message}>{message}</List.Item>
                ))}
              </List>
            </Alert>
          )}
          {preview.values.length > 0 && <Values values={preview.values} />}
        </>
      )}
    </Stack>
  );
}

function Values({ values }: { values: readonly { name: string; text: string; origin: ValueOrigin }[] }) {
  return (
    <Table aria-label="What fills it">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Variable</Table.Th>
          <Table.Th>Text</Table.Th>
          <Table.Th>Filled by</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {values.map(({ name, text, origin }) => (
          <Table.Tr key={name}>
            <Table.Td>{inWords(name)}</Table.Td>
            <Table.Td className="anywhere">{text}</Table.Td>
            <Table.Td>{ORIGINS[origin]}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
