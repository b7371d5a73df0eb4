import { Badge } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBan,
  IconCheck,
  IconChecks,
  IconClock,
  IconClockX,
  IconHelp,
  IconInbox,
  type IconProps,
  IconSend,
  IconX,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

import type { MessageStatus } from '../generated/operations';

interface StatusFace {
  label: string;
  meaning: string;
  color: string;
  icon: ComponentType<IconProps>;
  final: boolean;
}

const face = (
  label: string,
  meaning: string,
  color: string,
  icon: ComponentType<IconProps>,
  final = false,
): StatusFace => ({ label, meaning, color, icon, final });

/** Every status with its words, so that colour is never alone in telling it. */
export const STATUS: Record<MessageStatus, StatusFace> = {
  SCHEDULED: face('Scheduled', 'Waits for its time', 'gray', IconClock),
  QUEUED: face('Queued', 'Waits for its turn', 'gray', IconClock),
  SENDING: face('Sending', 'Is being handed over', 'petrol', IconSend),
  CONFIRMING: face('Confirming', 'We are finding out whether it was taken over', 'petrol', IconHelp),
  SENT: face('Sent', 'The carrier has it', 'petrol', IconCheck),
  DELIVERED: face('Delivered', 'It reached the phone', 'green', IconChecks, true),
  READ: face('Read', 'The recipient has opened it', 'green', IconChecks, true),
  UNDELIVERED: face('Undelivered', 'The carrier could not deliver it', 'red', IconAlertTriangle, true),
  FAILED: face('Failed', 'It could not be sent', 'red', IconX, true),
  CANCELED: face('Canceled', 'You stopped it in time', 'gray', IconBan, true),
  EXPIRED: face('Expired', 'It waited too long', 'orange', IconClockX, true),
  RECEIVED: face('Received', 'Came in from the recipient', 'grape', IconInbox, true),
};

export const isFinal = (status: MessageStatus): boolean => STATUS[status].final;

export function StatusBadge({ status }: { status: MessageStatus }) {
  const { label, meaning, color, icon: Icon } = STATUS[status];
  return (
    <Badge color={color} size="lg" leftSection={<Icon size={14} aria-hidden />} title={meaning} data-status={status}>
      {label}
    </Badge>
  );
}

/** The choices of the status filter: what a shop asks, not what the schema lists. */
export const STATUS_GROUPS: Record<string, { label: string; statuses: MessageStatus[] }> = {
  all: { label: 'All', statuses: [] },
  scheduled: { label: 'Scheduled', statuses: ['SCHEDULED'] },
  moving: { label: 'On the way', statuses: ['QUEUED', 'SENDING', 'CONFIRMING', 'SENT'] },
  delivered: { label: 'Delivered', statuses: ['DELIVERED', 'READ'] },
  failed: { label: 'Not delivered', statuses: ['UNDELIVERED', 'FAILED', 'EXPIRED'] },
  canceled: { label: 'Canceled', statuses: ['CANCELED'] },
};

export const STATUS_CHOICES = Object.fromEntries(Object.entries(STATUS_GROUPS).map(([value, { label }]) => [value, label]));
