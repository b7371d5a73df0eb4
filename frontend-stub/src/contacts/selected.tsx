import { Button, Group, Text } from '@mantine/core';
import { IconArrowsJoin, IconTag } from '@tabler/icons-react';
import { useState } from 'react';

import type { Contact } from '../api/queries';
import { counted } from '../parts/words';
import { MergeContacts } from './merge';
import { TagContacts } from './tag-contacts';

interface SelectedProps {
  chosen: readonly Contact[];
  onClear: () => void;
}

/** What can be done with the contacts that are ticked. */
export function Selected({ chosen, onClear }: SelectedProps) {
  const [asked, setAsked] = useState<'tag' | 'merge' | null>(null);
  const [one, other] = chosen;
  const done = () => {
    setAsked(null);
  };
  return (
    <>
      <Group gap="sm" mih={36} role="group" aria-label="Chosen contacts">
        <Text size="sm" c="dimmed" role="status">
          {chosen.length === 0 ? 'Tick contacts to tag or merge them.' : `${counted(chosen.length, 'contact')} chosen`}
        </Text>
        {chosen.length > 0 && (
          <>
            <Button size="xs" variant="default" leftSection={<IconTag size={14} aria-hidden />} onClick={() => { setAsked('tag'); }}>
              Tag
            </Button>
            {chosen.length === 2 && (
              <Button size="xs" variant="default" leftSection={<IconArrowsJoin size={14} aria-hidden />} onClick={() => { setAsked('merge'); }}>
                Merge
              </Button>
            )}
            <Button size="xs" variant="subtle" onClick={onClear}>
              Choose none
            </Button>
          </>
        )}
      </Group>
      <TagContacts contacts={asked === 'tag' ? chosen : []} onClose={done} />
      <MergeContacts about={asked === 'merge' && one !== undefined ? one : null} {...(other !== undefined && { other })} onClose={done} />
    </>
  );
}
