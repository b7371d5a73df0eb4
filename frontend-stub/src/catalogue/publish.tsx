import { Button, Group, Modal, Stack, Text } from '@mantine/core';

interface PublishQuestionProps {
  name: string;
  opened: boolean;
  onPublish: () => void;
  onClose: () => void;
}

/** Asks before a plan is put on sale; what the server says against it is told at the fields. */
export function PublishQuestion({ name, opened, onPublish, onClose }: PublishQuestionProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>Put this plan on sale</Text>}>
      <Stack>
        <Text size="sm">
          It becomes the next version of {name.trim() === '' ? 'its name' : name.trim()}, and never changes again. The version before is
          retired; whoever has that keeps it.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Not yet
          </Button>
          <Button onClick={onPublish}>Put on sale</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
