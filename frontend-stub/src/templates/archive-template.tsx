import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { request } from '../api/client';
import { queryClient, type Template } from '../api/queries';
import { TemplateArchiveDocument } from '../generated/operations';
import { Trouble } from '../parts/trouble';

/** Asks before a template is put away. */
export function ArchiveTemplate({ template, onClose }: { template: Template | null; onClose: () => void }) {
  return (
    <Modal opened={template !== null} onClose={onClose} title={<Text fw={650}>Archive this template?</Text>}>
      {template !== null && <Question template={template} onClose={onClose} />}
    </Modal>
  );
}

function Question({ template, onClose }: { template: Template; onClose: () => void }) {
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => request(TemplateArchiveDocument, { id: template.id }),
    onSuccess: ({ templateArchive }) => {
      if (templateArchive?.template == null) return;
      void queryClient.invalidateQueries({ queryKey: ['templates'] });
      onClose();
    },
  });
  const refused = data?.templateArchive?.errors[0];
  return (
    <Stack>
      <Text size="sm">
        <b>{template.name}</b> can no longer be sent. Messages that were sent with it keep their text.
      </Text>
      {error !== null && <Trouble error={error} />}
      {refused !== undefined && (
        <Alert color="red" role="alert">
          {refused.message}
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          Archive
        </Button>
      </Group>
    </Stack>
  );
}
