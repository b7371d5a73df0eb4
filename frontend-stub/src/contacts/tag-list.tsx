import { ActionIcon, Anchor, Card, EmptyState, Group, Modal, Table, Text, TextInput } from '@mantine/core';
import { IconPencil, IconTag, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { ContactTagDeleteDocument, ContactTagRenameDocument } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { LoadingRows } from '../parts/page';
import { Question } from '../parts/question';
import { Trouble } from '../parts/trouble';
import { counted } from '../parts/words';
import { OF_CONTACTS, type Tag, tagsQuery } from './queries';

/** The tags that group the contacts. */
export function TagList({ mayWrite }: { mayWrite: boolean }) {
  const { data, error, refetch } = useQuery(tagsQuery);
  const [renamed, setRenamed] = useState<Tag | null>(null);
  const [doomed, setDoomed] = useState<Tag | null>(null);
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={3} />;
  if (data.length === 0) {
    return <EmptyState icon={<IconTag aria-hidden />} title="No tags yet" description="A tag is a word of yours for a group of contacts. Tick contacts among the people, and tag them." />;
  }
  return (
    <>
      <Card padding={0}>
        <Table aria-label="Tags" horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Tag</Table.Th>
              <Table.Th>Contacts</Table.Th>
              {mayWrite && <Table.Th ta="right">Actions</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map((tag) => (
              <Table.Tr key={tag.id}>
                <Table.Td className="anywhere">{tag.name}</Table.Td>
                <Table.Td>
                  <Anchor component={Link} href={`/contacts?tag=${encodeURIComponent(tag.id)}`} size="sm" aria-label={`${counted(tag.contactCount, 'contact')} with ${tag.name}`}>
                    {counted(tag.contactCount, 'contact')}
                  </Anchor>
                </Table.Td>
                {mayWrite && (
                  <Table.Td>
                    <Group gap={4} justify="flex-end" wrap="nowrap">
                      <ActionIcon variant="subtle" size="lg" aria-label={`Rename ${tag.name}`} onClick={() => { setRenamed(tag); }}>
                        <IconPencil size={18} aria-hidden />
                      </ActionIcon>
                      <ActionIcon variant="subtle" color="red" size="lg" aria-label={`Delete ${tag.name}`} onClick={() => { setDoomed(tag); }}>
                        <IconTrash size={18} aria-hidden />
                      </ActionIcon>
                    </Group>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      <Modal opened={renamed !== null} onClose={() => { setRenamed(null); }} title={<Text fw={650}>Rename a tag</Text>}>
        {renamed !== null && <Rename tag={renamed} onClose={() => { setRenamed(null); }} />}
      </Modal>
      <DeleteTag tag={doomed} onClose={() => { setDoomed(null); }} />
    </>
  );
}

function Rename({ tag, onClose }: { tag: Tag; onClose: () => void }) {
  const [name, setName] = useState(tag.name);
  const { mutate, refusals, error, isPending } = useChange(
    async () => (await request(ContactTagRenameDocument, { id: tag.id, name: name.trim() })).contactTagRename,
    { touches: OF_CONTACTS, onDone: onClose },
  );
  return (
    <DialogForm act="Rename" pending={isPending} ready={name.trim() !== ''} error={error} refusal={undefined} onSubmit={mutate} onClose={onClose}>
      <TextInput
        label="Name"
        required
        data-autofocus
        autoComplete="off"
        maxLength={50}
        value={name}
        error={refusals[0]?.message}
        onChange={(event) => {
          setName(event.currentTarget.value);
        }}
      />
    </DialogForm>
  );
}

function DeleteTag({ tag, onClose }: { tag: Tag | null; onClose: () => void }) {
  return (
    <Question
      about={tag}
      title="Delete this tag?"
      stay="Keep it"
      act="Delete"
      ask={async ({ id }) => (await request(ContactTagDeleteDocument, { id })).contactTagDelete}
      touches={OF_CONTACTS}
      onClose={onClose}
    >
      {({ name, contactCount }) => (
        <>
          {counted(contactCount, 'contact')} will no longer be tagged <b>{name}</b>. The contacts stay.
        </>
      )}
    </Question>
  );
}
