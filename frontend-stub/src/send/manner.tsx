import { Checkbox, NativeSelect, Radio, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { MOST_DAYS } from '../messages/reschedule';
import { SenderChoice } from '../numbers/sender-choice';
import { TimeInput } from '../parts/time-input';
import { useMay } from '../session/viewer';
import { settingsQuery } from '../settings/queries';
import type { Manner as Chosen } from './draft';

interface MannerProps {
  manner: Chosen;
  onChange: (manner: Chosen) => void;
}

/** When it goes out, from which number, and what happens with whoever cannot get it. */
export function Manner({ manner, onChange }: MannerProps) {
  const mayReadNumbers = useMay('NUMBERS_READ');
  const mayReadSettings = useMay('SETTINGS_READ');
  const change = (changed: Partial<Chosen>) => {
    onChange({ ...manner, ...changed });
  };
  const { sendAt, respectQuietHours, smartEncoding, onRefusal, senderId, topic } = manner;
  return (
    <>
      <Radio.Group
        label="When"
        value={sendAt === null ? 'now' : 'later'}
        onChange={(when) => {
          change({ sendAt: when === 'now' ? null : '' });
        }}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="now" label="At once" />
          <Radio value="later" label="Later" />
        </Stack>
      </Radio.Group>
      {sendAt !== null && (
        <TimeInput
          label="Send at"
          required
          within={MOST_DAYS}
          value={sendAt}
          onChange={(local) => {
            change({ sendAt: local });
          }}
        />
      )}
      <Checkbox
        label="Respect quiet hours"
        description="Whoever has them now, yours or their own, gets it once they are over"
        checked={respectQuietHours}
        onChange={(event) => {
          change({ respectQuietHours: event.currentTarget.checked });
        }}
      />
      <Checkbox
        label="Use plain characters"
        description="Curly quotes, long dashes and the like give way to plain ones where that saves segments"
        checked={smartEncoding}
        onChange={(event) => {
          change({ smartEncoding: event.currentTarget.checked });
        }}
      />
      <Radio.Group
        label="If somebody cannot get it"
        value={onRefusal}
        onChange={(chosen) => {
          change({ onRefusal: chosen });
        }}
      >
        <Stack gap="xs" mt="xs">
          <Radio value="SEND_REST" label="Send it to the rest" />
          <Radio value="SEND_NONE" label="Send it to nobody" />
        </Stack>
      </Radio.Group>
      {mayReadNumbers && (
        <SenderChoice
          able="SMS"
          chosen={senderId}
          onChange={(id) => {
            change({ senderId: id });
          }}
        />
      )}
      {mayReadSettings && (
        <TopicChoice
          chosen={topic}
          onChange={(one) => {
            change({ topic: one });
          }}
        />
      )}
    </>
  );
}

/** What it is about, of what people can decline; not asked where the company has no topics. */
function TopicChoice({ chosen, onChange }: { chosen: string | null; onChange: (topic: string | null) => void }) {
  const { data } = useQuery(settingsQuery);
  const topics = data?.settings?.topics ?? [];
  if (topics.length === 0) return null;
  return (
    <NativeSelect
      label="Topic"
      description="Whoever declined it gets nothing"
      data={[{ value: '', label: 'That of the template, or none' }, ...topics]}
      value={chosen ?? ''}
      onChange={(event) => {
        onChange(event.currentTarget.value === '' ? null : event.currentTarget.value);
      }}
    />
  );
}
