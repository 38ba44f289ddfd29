import type { Role } from '#shared/model/index.ts';

const resources = ['packages', 'nsds', 'ns', 'inventory', 'agents', 'subscriptions', 'identity'];

export const builtInRoles: readonly Role[] = [
  { name: 'admin', permissions: ['*'], builtIn: true },
  {
    name: 'operator',
    permissions: [
      'packages:*',
      'nsds:*',
      'ns:*',
      'subscriptions:*',
      'inventory:read',
      'inventory:write',
      'agents:read',
    ],
    builtIn: true,
  },
  { name: 'viewer', permissions: resources.map((resource) => `${resource}:read`), builtIn: true },
];

/** `resource:verb` is granted by itself, by `resource:*` and by `*`. */
export function isPermitted(granted: ReadonlySet<string>, permission: string): boolean {
  if (granted.has(permission) || granted.has('*')) return true;
  return granted.has(`${permission.slice(0, permission.indexOf(':'))}:*`);
}
