import { Radio, Stack } from '@mantine/core';

import type { TenantRole } from '../generated/operations';
import { inWords } from '../parts/words';
import { ROLES } from './roles';

interface RoleChoiceProps {
  roles: readonly TenantRole[];
  value: TenantRole | null;
  error: string | undefined;
  onChange: (role: TenantRole) => void;
}

/** The roles that can be given, each with what it is for. */
export function RoleChoice({ roles, value, error, onChange }: RoleChoiceProps) {
  return (
    <Radio.Group
      label="Role"
      required
      value={value}
      error={error}
      onChange={(chosen) => {
        onChange(chosen);
      }}
    >
      <Stack gap="sm" mt="xs">
        {roles.map((role) => (
          <Radio key={role} value={role} label={inWords(role)} description={ROLES[role]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
