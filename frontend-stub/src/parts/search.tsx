import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useSearchParams } from 'wouter';

/** Narrows a list by words, which the address keeps as `search`; the list begins anew. */
export function Search({ label, placeholder }: { label: string; placeholder: string }) {
  const [params, setParams] = useSearchParams();
  const find = useDebouncedCallback((words: string) => {
    setParams(
      (old) => {
        for (const each of ['search', 'after', 'before']) old.delete(each);
        if (words.trim() !== '') old.set('search', words.trim());
        return old;
      },
      { replace: true },
    );
  }, 250);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={16} aria-hidden />}
      defaultValue={params.get('search') ?? ''}
      maw={420}
      onChange={(event) => {
        find(event.currentTarget.value);
      }}
    />
  );
}
