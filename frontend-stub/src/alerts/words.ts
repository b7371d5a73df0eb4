import {
  IconChartBar,
  IconCoin,
  IconId,
  IconMailOff,
  type IconProps,
  IconPlugConnectedX,
  IconShieldX,
  IconWebhookOff,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

import type { AlertChannel, AlertKind } from '../generated/operations';

interface KindFace {
  label: string;
  meaning: string;
  icon: ComponentType<IconProps>;
}

export const KINDS: Record<AlertKind, KindFace> = {
  USAGE_THRESHOLD: { label: 'Usage', meaning: 'Usage has reached a number that is watched', icon: IconChartBar },
  SPEND_CAP: { label: 'Spending', meaning: 'Usage has reached the most that it may cost', icon: IconCoin },
  DELIVERABILITY: { label: 'Delivery', meaning: 'Messages do not arrive, for a reason that somebody can mend', icon: IconMailOff },
  PROVIDER_ERROR: { label: 'Connection', meaning: 'Something is wrong between us and the carriers', icon: IconPlugConnectedX },
  REGISTRATION: { label: 'Registration', meaning: 'A sender could not be registered with the carriers', icon: IconId },
  WEBHOOK_FAILING: { label: 'Webhooks', meaning: 'An endpoint of yours does not take its events', icon: IconWebhookOff },
  FRAUD: { label: 'Fraud', meaning: 'Traffic that looks like fraud is stopped', icon: IconShieldX },
};

export const CHANNELS: Record<AlertChannel, string> = {
  PAGE: 'Here',
  EMAIL: 'E-mail',
  WEBHOOK: 'Webhook',
};
