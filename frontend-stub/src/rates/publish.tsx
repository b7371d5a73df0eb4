import { Alert, Button, FileButton, Group, List, Modal, NativeSelect, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFileUpload, IconReportMoney } from '@tabler/icons-react';
import { useState } from 'react';

import { useChange } from '../api/changes';
import { request } from '../api/client';
import { RateCardPublishDocument, type RateCardPublishInput, type RateSource } from '../generated/operations';
import { DialogForm } from '../parts/dialog-form';
import { readList, saidOf } from './list';

/** Publishes the next version, in a dialog. */
export function PublishCard() {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button leftSection={<IconReportMoney size={16} aria-hidden />} onClick={open}>
        Publish a rate card
      </Button>
      <Modal opened={opened} onClose={close} size="lg" title={<Text fw={650}>Publish a rate card</Text>}>
        <Fields onClose={close} />
      </Modal>
    </>
  );
}

function Fields({ onClose }: { onClose: () => void }) {
  const [source, setSource] = useState<RateSource>('PROVIDER');
  const [countries, setCountries] = useState<string[]>([]);
  const [currency, setCurrency] = useState('USD');
  const [text, setText] = useState('');
  const [slips, setSlips] = useState<readonly string[]>([]);
  const { mutate, refusals, error, isPending } = useChange(
    async (input: RateCardPublishInput) => (await request(RateCardPublishDocument, { input })).rateCardPublish,
    { touches: ['rateCard', 'rateCards', 'economics', 'catalogue'], onDone: onClose },
  );
  const wrong = slips.length > 0 ? slips : saidOf(refusals);
  const publish = () => {
    const list = readList(text);
    const found = source === 'FILE' ? list.slips : [];
    setSlips(found);
    if (found.length > 0) return;
    mutate(source === 'FILE' ? { source, currency, rates: list.rates } : { source, countries: countries.length === 0 ? null : countries });
  };
  return (
    <DialogForm act="Publish" pending={isPending} error={error} refusal={undefined} onSubmit={publish} onClose={onClose}>
      <Text size="sm">It is in force at once, as the next version. What says the same as the one in force is not published again.</Text>
      {wrong.length > 0 && <Wrong sentences={wrong} />}
      <NativeSelect
        label="From"
        data-autofocus
        data={[
          { value: 'PROVIDER', label: 'The provider’s own list' },
          { value: 'FILE', label: 'A list of my own' },
        ]}
        value={source}
        onChange={(event) => {
          setSource(event.currentTarget.value as RateSource);
        }}
      />
      {source === 'PROVIDER' ? (
        <TagsInput
          label="Countries"
          description="Two letters each, such as US; none: all of them, which takes a while"
          splitChars={[',', ' ']}
          value={countries}
          onChange={(given) => {
            setCountries(given.map((code) => code.toUpperCase()));
          }}
        />
      ) : (
        <>
          <TextInput
            label="Currency"
            maxLength={3}
            value={currency}
            onChange={(event) => {
              setCurrency(event.currentTarget.value.toUpperCase());
            }}
          />
          <Textarea
            label="Rates"
            description="A line each: category,country,price. Without a country it is for everywhere else."
            placeholder={'sms-outbound,US,0.0083\nsms-outbound,,0.05'}
            autosize
            minRows={6}
            maxRows={14}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
            }}
          />
          <Group>
            <FileButton
              accept=".csv,text/csv"
              onChange={(file) => {
                void file?.text().then(setText);
              }}
            >
              {(button) => (
                <Button {...button} size="xs" variant="default" leftSection={<IconFileUpload size={14} aria-hidden />}>
                  Take a CSV file
                </Button>
              )}
            </FileButton>
          </Group>
        </>
      )}
    </DialogForm>
  );
}

function Wrong({ sentences }: { sentences: readonly string[] }) {
  return (
    <Alert color="red" role="alert" title="Not published">
      <List size="sm">
        {sentences.slice(0, 10).map((sentence) => (
          <List.Item key={sentence}>{sentence}</List.Item>
        ))}
      </List>
      {sentences.length > 10 && <Text size="sm">And {sentences.length - 10} more.</Text>}
    </Alert>
  );
}
