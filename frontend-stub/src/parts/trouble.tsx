import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconCloudOff, IconLock, IconRefresh } from '@tabler/icons-react';
import { Component, type ReactNode } from 'react';

import { Problem } from '../api/problem';

interface TroubleProps {
  error: unknown;
  onRetry?: () => void;
}

/** A failed request: what happened, what to do, and the number that support asks for. */
export function Trouble({ error, onRetry }: TroubleProps) {
  const problem = error instanceof Problem ? error : new Problem('server');
  const refused = problem.kind === 'refused';
  return (
    <Alert
      role="alert"
      color={refused ? 'gray' : 'red'}
      icon={refused ? <IconLock aria-hidden /> : <IconCloudOff aria-hidden />}
      title={refused ? 'Not part of your role' : 'This did not work'}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{problem.message}</Text>
        <Group gap="md">
          {onRetry !== undefined && !refused && (
            <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
              Retry
            </Button>
          )}
          {problem.requestId !== null && (
            <Text size="xs">
              For support: <Code>{problem.requestId}</Code>
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}

/** What the server says against a form as a whole. */
export function Refusal({ sentence }: { sentence: string | undefined }) {
  if (sentence === undefined) return null;
  return (
    <Alert color="red" role="alert">
      {sentence}
    </Alert>
  );
}

/** Keeps a fault in one view from blanking the page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Trouble
        error={this.state.error}
        onRetry={() => {
          this.setState({ error: null });
        }}
      />
    );
  }
}
