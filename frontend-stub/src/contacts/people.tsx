import { Box, Button, EmptyState, Group, SimpleGrid, Stack } from '@mantine/core';
import { IconAddressBook, IconFilterOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';

import { contactsQuery } from '../api/queries';
import { ChoiceBox } from '../parts/choice';
import { LoadingRows } from '../parts/page';
import { Pager, usePage } from '../parts/paging';
import { Search } from '../parts/search';
import { Trouble } from '../parts/trouble';
import { ContactDrawer } from './drawer';
import { Export } from './export';
import { filterOf, tagsQuery } from './queries';
import { ContactTable } from './table';

const CONSENTS = { all: 'Everybody', GIVEN: 'Who agreed', WITHDRAWN: 'Who agrees no more', UNKNOWN: 'Nothing recorded' };
const WANTS = { all: 'Everybody', messages: 'Who gets messages', nothing: 'Who opted out' };

interface PeopleProps {
  mayWrite: boolean;
  onAdd: () => void;
}

/** The contacts: narrowed down, chosen, and one of them in full. */
export function People({ mayWrite, onAdd }: PeopleProps) {
  const [params] = useSearchParams();
  return (
    <Stack gap="lg">
      <Group justify="space-between" gap="sm">
        <Box flex={1} miw={220}>
          <Search label="Search contacts" placeholder="Search by name or number" />
        </Box>
        <Export filter={filterOf(params)} />
      </Group>
      <Filters />
      <Rows mayWrite={mayWrite} onAdd={onAdd} />
      <ContactDrawer />
    </Stack>
  );
}

function Filters() {
  const { data: tags = [] } = useQuery(tagsQuery);
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
      <ChoiceBox name="tag" label="Tag" choices={{ all: 'Any', ...Object.fromEntries(tags.map(({ id, name }) => [id, name])) }} />
      <ChoiceBox name="consent" label="Consent" choices={CONSENTS} />
      <ChoiceBox name="wants" label="Messages" choices={WANTS} />
    </SimpleGrid>
  );
}

function Rows({ mayWrite, onAdd }: PeopleProps) {
  const [params] = useSearchParams();
  const filter = filterOf(params);
  const { data, error, refetch } = useQuery(contactsQuery({ ...usePage(25), sort: { field: 'NAME', direction: 'ASCENDING' }, filter }));
  if (error !== null) return <Trouble error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LoadingRows />;
  const { nodes = [], pageInfo } = data.contacts ?? {};
  if (nodes.length === 0) return filter === null ? <NobodyYet mayWrite={mayWrite} onAdd={onAdd} /> : <NobodyFound search={filter.search ?? ''} mayWrite={mayWrite} onAdd={onAdd} />;
  return (
    <Stack>
      <ContactTable key={nodes.map(({ id }) => id).join()} contacts={nodes} mayWrite={mayWrite} />
      {pageInfo !== undefined && <Pager info={pageInfo} back="Previous" forward="Next" />}
    </Stack>
  );
}

function NobodyYet({ mayWrite, onAdd }: PeopleProps) {
  return (
    <EmptyState icon={<IconAddressBook aria-hidden />} title="No contacts yet" description="Add the people that you want to reach, or import them from a file.">
      <EmptyState.Actions>{mayWrite && <Button onClick={onAdd}>Add the first contact</Button>}</EmptyState.Actions>
    </EmptyState>
  );
}

function NobodyFound({ search, mayWrite, onAdd }: PeopleProps & { search: string }) {
  const [, setParams] = useSearchParams();
  return (
    <EmptyState
      icon={<IconFilterOff aria-hidden />}
      title={search === '' ? 'Nobody matches' : `Nobody matches “${search}”`}
      description="Try a part of the name or the number, or fewer conditions."
    >
      <EmptyState.Actions>
        <Button
          variant="default"
          onClick={() => {
            setParams({});
          }}
        >
          Show everybody
        </Button>
        {mayWrite && <Button onClick={onAdd}>Add a new contact</Button>}
      </EmptyState.Actions>
    </EmptyState>
  );
}
