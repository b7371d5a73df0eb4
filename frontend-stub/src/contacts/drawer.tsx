import { Badge, DataList, Drawer, EmptyState, Group, Stack, Text } from '@mantine/core';
import { IconMoodSad } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';

import { LoadingRows } from '../parts/page';
import { useClock } from '../parts/time';
import { Trouble } from '../parts/trouble';
import { inWords } from '../parts/words';
import { useMay } from '../session/viewer';
import { type Action, Actions, Asked } from './actions';
import { ConsentCard } from './consent';
import { Lookup } from './lookup';
import { OptedOut } from './opted-out';
import { type ContactInFull, contactQuery } from './queries';
import { CHANNELS, LINES, OPTED_OUT } from './words';

/** The contact that the address names, in full. It makes room for the dialog of what is asked of it, so that only one is open. */
export function ContactDrawer() {
  const [params, setParams] = useSearchParams();
  const [asked, setAsked] = useState<Action | null>(null);
  const id = params.get('contact');
  const show = (other: string | null) => {
    setParams((old) => {
      if (other === null) old.delete('contact');
      else old.set('contact', other);
      return old;
    });
  };
  return (
    <>
      <Drawer
        opened={id !== null && asked === null}
        onClose={() => {
          show(null);
        }}
        position="right"
        size="md"
        title={<Text fw={650}>Contact</Text>}
      >
        {id !== null && <Details id={id} onAsk={setAsked} />}
      </Drawer>
      {id !== null && (
        <Asked
          id={id}
          action={asked}
          onClose={() => {
            setAsked(null);
          }}
          onNext={show}
        />
      )}
    </>
  );
}

function Details({ id, onAsk }: { id: string; onAsk: (action: Action) => void }) {
  const mayWrite = useMay('CONTACTS_WRITE');
  const { data, error, refetch } = useQuery(contactQuery(id));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows count={4} />;
  const { contact } = data;
  if (contact === null) return <EmptyState icon={<IconMoodSad aria-hidden />} title="There is no such contact" description="It may have been deleted, merged or erased." />;
  return (
    <Stack gap="lg">
      <div>
        <Group gap="xs">
          <Text fz="xl" fw={650} className="anywhere">
            {contact.name ?? 'No name'}
          </Text>
          <OptedOut contact={contact} />
        </Group>
        <Text c="dimmed" className="numbers">
          {contact.number}
        </Text>
      </div>
      <Tags contact={contact} />
      <Facts contact={contact} />
      <Lookup contact={contact} mayWrite={mayWrite} />
      <ConsentCard contact={contact} mayWrite={mayWrite} onAsk={onAsk} />
      <Actions onAsk={onAsk} />
    </Stack>
  );
}

function Tags({ contact: { tags } }: { contact: ContactInFull }) {
  if (tags.length === 0) return null;
  return (
    <Group gap={6} role="list" aria-label="Tags">
      {tags.map(({ id, name }) => (
        <Badge key={id} role="listitem" color="petrol">
          {name}
        </Badge>
      ))}
    </Group>
  );
}

function Facts({ contact }: { contact: ContactInFull }) {
  const clock = useClock();
  const { fields, suppression, line, lookup, preferredChannel, topics, quietHours, createdAt, updatedAt } = contact;
  const facts: [label: string, value: string | null][] = [
    ...Object.entries(fields).map(([name, value]): [string, string] => [inWords(name), String(value)]),
    ['Opted out', suppression === null ? null : `${clock.long(suppression.since)}: ${OPTED_OUT[suppression.source]}`],
    ['Line', line === null ? 'Not known' : LINES[line]],
    ['Looked up', lookup?.lookedUpAt == null ? null : clock.long(lookup.lookedUpAt)],
    ['Wants', CHANNELS[preferredChannel]],
    ['Topics', topics.length === 0 ? null : topics.join(', ')],
    ['Quiet hours', quietHours === null ? null : `${quietHours.from} to ${quietHours.until}, the time there`],
    ['Added', clock.long(createdAt)],
    ['Changed', createdAt === updatedAt ? null : clock.long(updatedAt)],
  ];
  return (
    <DataList labelWidth="110px" gap="xs">
      {facts.map(
        ([label, value], index) =>
          value !== null && (
            <DataList.Item key={index}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue className="anywhere">{value}</DataList.ItemValue>
            </DataList.Item>
          ),
      )}
    </DataList>
  );
}
