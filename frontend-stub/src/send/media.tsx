import { TagsInput } from '@mantine/core';

interface MediaFieldsProps {
  urls: readonly string[];
  /** Whether the text may be left out. */
  own: boolean;
  onChange: (urls: readonly string[]) => void;
}

/** Pictures that are sent with the text, by their addresses. */
export function MediaFields({ urls, own, onChange }: MediaFieldsProps) {
  const strange = urls.find((url) => !url.startsWith('https://'));
  return (
    <TagsInput
      label="Pictures"
      description={`Addresses that begin with https://, Enter after each: at most 10, of 5 MB together.${own ? ' The text may then be left out.' : ''} They reach the United States and Canada.`}
      splitChars={[' ', '\n', '\t']}
      maxTags={10}
      inputMode="url"
      value={[...urls]}
      error={strange === undefined ? undefined : `“${strange}” does not begin with https://.`}
      onChange={onChange}
      clearable
      clearButtonProps={{ 'aria-label': 'Remove all pictures' }}
    />
  );
}
