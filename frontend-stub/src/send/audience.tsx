import { MultiSelect, NativeSelect, TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { tagsQuery } from '../contacts/queries';
import { counted } from '../parts/words';
import type { Audience, Everybody } from './draft';
import { Recipients } from './recipients';

const EVERYBODY: Readonly<Record<Everybody, string>> = {
  nobody: 'Nobody',
  wanting: 'Every contact who has not opted out',
  agreed: 'Every contact who agreed to get messages',
};

interface AudienceFieldsProps {
  audience: Audience;
  details: readonly string[];
  onChange: (audience: Audience) => void;
}

/** Who gets it: contacts, those with a tag, everybody, or plain numbers, in any mix; nobody gets it twice. */
export function AudienceFields({ audience, details, onChange }: AudienceFieldsProps) {
  const { data: tags = [] } = useQuery(tagsQuery);
  const { contacts, tagIds, everybody, numbers } = audience;
  return (
    <>
      <Recipients
        chosen={contacts}
        details={details}
        onChange={(chosen) => {
          onChange({ ...audience, contacts: chosen });
        }}
      />
      {tags.length > 0 && (
        <MultiSelect
          label="Everybody with one of these tags"
          data={tags.map(({ id, name, contactCount }) => ({ value: id, label: `${name}, ${counted(contactCount, 'contact')}` }))}
          value={[...tagIds]}
          onChange={(chosen) => {
            onChange({ ...audience, tagIds: chosen });
          }}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'Remove all tags' }}
        />
      )}
      <NativeSelect
        label="Besides them"
        data={Object.entries(EVERYBODY).map(([value, label]) => ({ value, label }))}
        value={everybody}
        onChange={(event) => {
          onChange({ ...audience, everybody: event.currentTarget.value as Everybody });
        }}
      />
      <TagsInput
        label="Numbers"
        description="Of people who are no contacts: paste them, or press Enter after each"
        splitChars={[',', ';', '\n', '\t']}
        inputMode="tel"
        value={[...numbers]}
        onChange={(written) => {
          onChange({ ...audience, numbers: written });
        }}
        clearable
        clearButtonProps={{ 'aria-label': 'Remove all numbers' }}
      />
    </>
  );
}
