import { Button, Group, Tabs } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileImport, IconUserPlus } from '@tabler/icons-react';
import { useLocation } from 'wouter';

import { ImportList } from '../imports/list';
import { StartImport } from '../imports/start';
import { Page } from '../parts/page';
import { useMay } from '../session/viewer';
import { ContactForm } from './contact-form';
import { ErasureList } from './erasure-list';
import { People } from './people';
import { SuppressionList } from './suppression-list';
import { TagList } from './tag-list';

const PARTS = { people: 'People', tags: 'Tags', imports: 'Imports', 'opted-out': 'Opted out', erasures: 'Erased' };

/** The people that a company writes to, how they came, and the numbers that want to hear nothing. */
export function ContactsPage({ part = 'people' }: { part: string | undefined }) {
  const mayWrite = useMay('CONTACTS_WRITE');
  const [, navigate] = useLocation();
  const [adding, { open: add, close: stopAdding }] = useDisclosure(false);
  const [importing, { open: bringIn, close: stopImporting }] = useDisclosure(false);
  return (
    <Page
      title="Contacts"
      lead="The people you write to, with the details that fill your templates."
      actions={
        mayWrite && (
          <Group gap="sm">
            <Button variant="default" leftSection={<IconFileImport size={18} aria-hidden />} onClick={bringIn}>
              Import
            </Button>
            <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={add}>
              New contact
            </Button>
          </Group>
        )
      }
    >
      <Tabs
        value={part}
        keepMounted={false}
        onChange={(chosen) => {
          navigate(chosen === 'people' || chosen === null ? '/contacts' : `/contacts/${chosen}`);
        }}
      >
        <Tabs.List aria-label="Parts">
          {Object.entries(PARTS).map(([each, words]) => (
            <Tabs.Tab key={each} value={each}>
              {words}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="people" pt="lg">
          <People mayWrite={mayWrite} onAdd={add} />
        </Tabs.Panel>
        <Tabs.Panel value="tags" pt="lg">
          <TagList mayWrite={mayWrite} />
        </Tabs.Panel>
        <Tabs.Panel value="imports" pt="lg">
          <ImportList />
        </Tabs.Panel>
        <Tabs.Panel value="opted-out" pt="lg">
          <SuppressionList mayWrite={mayWrite} />
        </Tabs.Panel>
        <Tabs.Panel value="erasures" pt="lg">
          <ErasureList />
        </Tabs.Panel>
      </Tabs>
      <ContactForm opened={adding} contact={null} onClose={stopAdding} />
      <StartImport purpose="CONTACTS" opened={importing} onClose={stopImporting} />
    </Page>
  );
}
