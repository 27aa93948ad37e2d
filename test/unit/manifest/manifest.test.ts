import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SessionState } from '../../../src/account/sessions';
import {
  busyContextValue,
  commandIds,
  contextKeys,
  keyContextValue,
  placeContextValue,
  rotationContextValue,
  strangerContextValue,
  viewIds,
  waitingContextValue,
} from '../../../src/editor/ids';
import type { KeyRingState } from '../../../src/keys/keyRing';
import { defaultBaseUrl } from '../../../src/omi/baseUrl';
import { keyFamilies } from '../../../src/omi/rawKey';
import { holds, identifiers, valuesComparedWith } from './whenClause';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface MenuItem {
  command: string;
  when?: string;
  group?: string;
}
interface Setting {
  scope?: string;
  default?: unknown;
  description?: string;
  markdownDescription?: string;
  markdownDeprecationMessage?: string;
}
interface Walkthrough {
  id: string;
  title: string;
  description: string;
  icon: string;
  steps: {
    id: string;
    title: string;
    description: string;
    media: { image: string; altText: string };
    completionEvents: string[];
  }[];
}
interface Manifest {
  name: string;
  publisher: string;
  displayName: string;
  license: string;
  main: string;
  browser?: string;
  icon: string;
  engines: { vscode: string };
  extensionKind: string[];
  activationEvents?: string[];
  capabilities: {
    untrustedWorkspaces: { supported: unknown; description: string; restrictedConfigurations: string[] };
    virtualWorkspaces: unknown;
  };
  contributes: {
    commands: { command: string; title: string; category?: string; icon?: string; enablement?: string }[];
    menus: Record<string, MenuItem[]>;
    keybindings: { command: string; key: string; mac?: string; when?: string }[];
    viewsContainers: { activitybar: { id: string; title: string; icon: string }[] };
    views: Record<string, { id: string; name: string; when?: string }[]>;
    viewsWelcome: { view: string; contents: string; when?: string }[];
    configuration: { properties: Record<string, Setting> };
    walkthroughs: Walkthrough[];
  };
  devDependencies: Record<string, string>;
}

const text = read('package.json');
const manifest = JSON.parse(text) as Manifest;
const { contributes } = manifest;
const english = JSON.parse(read('package.nls.json')) as Record<string, string>;

/** A text of the manifest as a person reads it. */
const shown = (value: string): string => {
  const name = /^%(.+)%$/.exec(value)?.[1];
  return name === undefined ? value : (english[name] ?? value);
};

const known = new Set<string>(Object.values(commandIds));
const focusCommands = Object.values(viewIds).map((id) => `${id}.focus`);
const menuItems = Object.entries(contributes.menus).flatMap(([menu, items]) =>
  items.map((item) => ({ menu, ...item })),
);
const itemMenu = contributes.menus['view/item/context'] ?? [];

describe('identity', () => {
  test('is the published one', () => {
    expect(manifest.publisher).toBe('omi-community');
    expect(manifest.name).toBe('omi-api-keys');
    expect(shown(manifest.displayName)).toBe('Omi API Keys');
    expect(manifest.license).toBe('MIT');
    expect(manifest.engines.vscode).toBe('^1.105.0');
  });

  test('runs beside the files or on the own machine, never in a browser', () => {
    expect(manifest.extensionKind).toEqual(['workspace', 'ui']);
    expect(manifest.browser).toBeUndefined();
  });

  test('is limited in Restricted Mode, and works in virtual workspaces', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    expect(untrustedWorkspaces.supported).toBe('limited');
    expect(virtualWorkspaces).toBe(true);
    const endpoints = Object.keys(contributes.configuration.properties).filter((name) =>
      /url|host|firebase|timeout/i.test(name),
    );
    expect(untrustedWorkspaces.restrictedConfigurations.toSorted()).toEqual(endpoints.toSorted());
  });

  test('wakes up for its own things only', () => {
    const events = manifest.activationEvents ?? [];
    expect(events).not.toContain('*');
    for (const event of events) expect(event).toMatch(/^on(StartupFinished|Uri|AuthenticationRequest:omi)$/);
  });

  test('is compiled against the oldest VS Code that it runs in', () => {
    expect(manifest.engines.vscode).toBe(`^${manifest.devDependencies['@types/vscode'] ?? ''}`);
    const installed = JSON.parse(read('node_modules/@types/vscode/package.json')) as { version: string };
    expect(manifest.engines.vscode).toBe(`^${installed.version}`);
  });
});

describe('commands', () => {
  /** What a person finds in the palette behind "Omi:". */
  const titles: Record<string, string> = {
    'omi.signIn': 'Sign In',
    'omi.signInWithToken': 'Sign In with Firebase Token',
    'omi.signOut': 'Sign Out',
    'omi.account.switch': 'Switch Account',
    'omi.keys.refresh': 'Refresh API Keys',
    'omi.keys.cancel': 'Cancel Current Operation',
    'omi.key.create': 'Create API Key',
    'omi.key.revoke': 'Revoke API Key',
    'omi.key.rotate': 'Rotate API Key',
    'omi.key.place': 'Place New API Key',
    'omi.rotation.resume': 'Resume Rotation',
    'omi.rotation.undo': 'Undo Rotation',
    'omi.key.copyId': 'Copy Key ID',
    'omi.key.copyPrefix': 'Copy Key Prefix',
    'omi.keys.revokeUnused': 'Revoke Unused API Keys',
    'omi.keys.sort': 'Sort API Keys',
    'omi.keys.filter': 'Filter API Keys',
    'omi.keys.clearFilter': 'Clear Filter',
    'omi.leak.respond': 'Respond to Leaked API Key',
    'omi.leak.check': 'Check Whether an API Key Is Alive',
    'omi.leak.scanWorkspace': 'Scan Workspace for API Keys',
    'omi.leak.scanHistory': 'Scan Git History for API Keys',
    'omi.leak.useReference': 'Replace API Key with an Environment Reference',
    'omi.leak.ignoreFile': 'Add File with API Key to .gitignore',
    'omi.leak.ignoreLine': 'Ignore API Key on This Line',
    'omi.leak.stopIgnoring': 'Stop Ignoring API Keys',
    'omi.leak.addGuard': 'Add Leak Guard to Repository',
    'omi.showLog': 'Show Log',
    'omi.showActivity': 'Show Activity',
    'omi.exportActivity': 'Export Activity',
  };

  test('the manifest and the table hold the same ids, each once', () => {
    const contributed = contributes.commands.map(({ command }) => command);
    expect(contributed.toSorted()).toEqual(Object.values(commandIds).toSorted());
    expect(new Set(contributed).size).toBe(contributed.length);
  });

  test.each(contributes.commands)('$command is in the category Omi, under its known title', (command) => {
    expect(command.category).toBe('Omi');
    expect(command.title).toMatch(/^%command\..+%$/);
    expect(shown(command.title)).toBe(titles[command.command]);
  });

  test('every one can be found in the palette', () => {
    const hidden = contributes.menus['commandPalette'] ?? [];
    expect(hidden.filter(({ when }) => when === 'false')).toEqual([]);
  });

  test('what has an icon in a menu has one in the table of commands', () => {
    const iconic = menuItems.filter(({ group }) => /^(navigation|inline)/.test(group ?? ''));
    for (const { command } of iconic) {
      const entry = contributes.commands.find((one) => one.command === command);
      expect(entry?.icon, command).toMatch(/^\$\([a-z-]+\)$/);
    }
  });
});

describe('words', () => {
  const used = new Set(Array.from(text.matchAll(/"%([^"%]+)%"/g), (match) => match[1] ?? ''));

  test('every %key% of the manifest has its words, and no words are left over', () => {
    expect([...used].toSorted()).toEqual(Object.keys(english).toSorted());
    expect(Object.values(english).filter((words) => words.trim() === '')).toEqual([]);
  });

  test('whatever a person reads is in the table of words', () => {
    const { properties } = contributes.configuration;
    const readable = [
      ...contributes.commands.map(({ title }) => title),
      ...contributes.viewsWelcome.map(({ contents }) => contents),
      ...Object.values(contributes.views).flatMap((views) => views.map(({ name }) => name)),
      ...Object.values(properties).map((one) => one.markdownDescription ?? one.description ?? ''),
      manifest.capabilities.untrustedWorkspaces.description,
      ...contributes.walkthroughs.flatMap(({ title, description, steps }) => [
        ...[title, description],
        ...steps.flatMap((step) => [step.title, step.description, step.media.altText]),
      ]),
    ];
    for (const words of readable) expect(words).toMatch(/^%.+%$/);
  });

  const languages = readdirSync(root).filter((name) => /^package\.nls\..+\.json$/.test(name));
  test('other languages hold the same keys', () => {
    for (const file of languages) {
      const words = JSON.parse(read(file)) as Record<string, string>;
      expect(Object.keys(words).toSorted(), file).toEqual(Object.keys(english).toSorted());
    }
  });

  test('links in texts lead to known commands', () => {
    const reachable = [...known, ...focusCommands];
    for (const words of Object.values(english)) {
      for (const [, id = ''] of words.matchAll(/\(command:([\w.]+)/g)) expect(reachable).toContain(id);
    }
  });

  test('no emoji, no "please"', () => {
    for (const words of Object.values(english)) {
      expect(words).not.toMatch(/\p{Extended_Pictographic}/u);
      expect(words).not.toMatch(/\bplease\b/i);
    }
  });
});

describe('menus, keys and views', () => {
  const views = Object.values(contributes.views).flat();

  test('the view sits in its container', () => {
    expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual(['omi']);
    expect(contributes.views['omi']?.map(({ id }) => id)).toEqual(Object.values(viewIds));
    expect(shown(views[0]?.name ?? '')).toBe('API Keys');
  });

  test('every item and key names a known command', () => {
    for (const { menu, command } of menuItems) expect(known, menu).toContain(command);
    for (const { command } of contributes.keybindings) expect(known).toContain(command);
    for (const { view } of contributes.viewsWelcome) expect(Object.values(viewIds)).toContain(view);
  });

  const clauses = [
    ...menuItems.map(({ menu, command, when }) => ({ where: `${menu} ${command}`, when })),
    ...contributes.keybindings.map(({ command, when }) => ({ where: `key ${command}`, when })),
    ...contributes.viewsWelcome.map(({ contents, when }) => ({ where: contents, when })),
    ...contributes.commands.map(({ command, enablement }) => ({ where: command, when: enablement })),
    ...views.map(({ id, when }) => ({ where: id, when })),
  ].flatMap(({ where, when }) => (when === undefined ? [] : [{ where, when }]));

  // The types make these lists complete: a new state without its line here does not compile.
  const sessionKinds: Record<SessionState['kind'], true> = {
    signedOut: true,
    signingIn: true,
    signedIn: true,
    expired: true,
  };
  const ringKinds: Record<KeyRingState['kind'], true> = {
    loading: true,
    ready: true,
    stale: true,
    failed: true,
  };

  test.each(clauses)('$where: "$when" uses known names and values only', ({ when }) => {
    const ofVSCode = ['view', 'viewItem', 'focusedView', 'listFocus', 'inputFocus'];
    const names = new Set([...ofVSCode, ...Object.values(contextKeys)]);
    for (const name of identifiers(when)) expect(names).toContain(name);
    for (const name of ['view', 'focusedView']) {
      for (const value of valuesComparedWith(name, when)) expect(Object.values(viewIds)).toContain(value);
    }
    for (const value of valuesComparedWith(contextKeys.session, when))
      expect(sessionKinds).toHaveProperty(value);
    for (const value of valuesComparedWith(contextKeys.keys, when)) expect(ringKinds).toHaveProperty(value);
  });

  test('items of the view stay in the view', () => {
    for (const menu of ['view/title', 'view/item/context']) {
      for (const { command, when } of contributes.menus[menu] ?? []) {
        expect(valuesComparedWith('view', when ?? ''), `${menu} ${command}`).toEqual([viewIds.keys]);
      }
    }
  });

  test('whatever the state, one welcome text at most; without rows, exactly one', () => {
    for (const session of Object.keys(sessionKinds)) {
      for (const keys of Object.keys(ringKinds)) {
        const facts = { [contextKeys.session]: session, [contextKeys.keys]: keys };
        const texts = contributes.viewsWelcome.filter(({ when }) => holds(when ?? 'true', facts));
        // A stale or failed list always has a row: what went wrong.
        const count = session === 'signedIn' && (keys === 'stale' || keys === 'failed') ? 0 : 1;
        expect(texts.length, `${session}, ${keys}`).toBe(count);
      }
    }
  });

  test('the context menu of a key ends with Revoke API Key in a group of its own', () => {
    const listed = itemMenu.filter(({ group }) => !(group ?? '').startsWith('inline'));
    const groupOf = ({ group }: MenuItem): string => (group ?? '').split('@')[0] ?? '';
    const last = listed.map(groupOf).toSorted().at(-1);
    expect(listed.filter((item) => groupOf(item) === last).map(({ command }) => command)).toEqual([
      commandIds.revokeKey,
    ]);
    expect(listed.filter(({ command }) => command === commandIds.revokeKey)).toHaveLength(1);
  });

  /** The commands that a row offers, in the order in which VS Code shows them. */
  const offered = (viewItem: string, isInline: boolean): string[] =>
    itemMenu
      .filter(({ when }) => holds(when ?? 'true', { view: viewIds.keys, viewItem }))
      .map(({ command, group = '' }) => ({ command, place: group.split('@') }))
      .filter(({ place: [group] }) => (group === 'inline') === isInline)
      .toSorted(
        ({ place: [one = '', first] }, { place: [other = '', second] }) =>
          one.localeCompare(other) || Number(first) - Number(second),
      )
      .map(({ command }) => command);

  const ofKey = {
    inline: [commandIds.rotateKey, commandIds.revokeKey],
    menu: [commandIds.rotateKey, commandIds.copyKeyId, commandIds.copyKeyPrefix, commandIds.revokeKey],
  };
  const ofFind = {
    inline: [commandIds.respondToLeak],
    menu: [commandIds.respondToLeak, commandIds.checkKey],
  };
  const ofRotation = [commandIds.resumeRotation, commandIds.undoRotation];
  const nothing = { inline: [], menu: [] };

  test.each([
    [keyContextValue('dev'), ofKey],
    [keyContextValue('mcp'), ofKey],
    [placeContextValue, ofFind],
    [strangerContextValue, ofFind],
    [waitingContextValue, { inline: [commandIds.placeKey], menu: [commandIds.placeKey] }],
    [rotationContextValue, { inline: ofRotation, menu: ofRotation }],
    [busyContextValue, nothing],
    ['omi.group', nothing],
    ['omi.historic', nothing],
    ['omi.commit', nothing],
  ])('a row %s offers what can be done with it, as icons and in its menu', (viewItem, expected) => {
    expect({ inline: offered(viewItem, true), menu: offered(viewItem, false) }).toEqual(expected);
  });

  test('at most three inline icons, Revoke API Key among them', () => {
    for (const family of keyFamilies) {
      const facts = { view: viewIds.keys, viewItem: keyContextValue(family) };
      const inline = itemMenu.filter(
        ({ group, when }) => (group ?? '').startsWith('inline') && holds(when ?? 'true', facts),
      );
      expect(inline.length).toBeLessThanOrEqual(3);
      expect(inline.map(({ command }) => command)).toContain(commandIds.revokeKey);
    }
  });

  test('a key of either family can be revoked, a key in work and a group cannot', () => {
    const revoke = itemMenu.filter(({ command }) => command === commandIds.revokeKey);
    const offered = (viewItem: string): boolean =>
      revoke.some(({ when }) => holds(when ?? 'true', { view: viewIds.keys, viewItem }));
    for (const family of keyFamilies) expect(offered(keyContextValue(family)), family).toBe(true);
    for (const other of [busyContextValue, 'omi.group', '']) expect(offered(other), other).toBe(false);
    expect(holds(revoke[0]?.when ?? '', { view: 'explorer', viewItem: keyContextValue('dev') })).toBe(false);
  });

  test('Delete revokes in the view and nowhere else', () => {
    const [binding, ...others] = contributes.keybindings.filter(
      ({ command }) => command === commandIds.revokeKey,
    );
    expect(others).toEqual([]);
    expect(binding?.key).toBe('delete');
    const at = (facts: object): boolean =>
      holds(binding?.when ?? 'true', { focusedView: viewIds.keys, listFocus: true, ...facts });
    expect(at({})).toBe(true);
    expect(at({ focusedView: 'workbench.explorer.fileView' })).toBe(false);
    expect(at({ listFocus: false })).toBe(false);
    expect(at({ inputFocus: true })).toBe(false);
  });

  test('Cancel is in reach while there is work', () => {
    const cancel = menuItems.filter(({ command }) => command === commandIds.cancelWork);
    expect(cancel.map(({ menu }) => menu)).toEqual(['view/title']);
    const facts = { view: viewIds.keys };
    expect(holds(cancel[0]?.when ?? '', { ...facts, [contextKeys.working]: true })).toBe(true);
    expect(holds(cancel[0]?.when ?? '', facts)).toBe(false);
  });

  test('pictures that the manifest names are beside it, or are codicons', () => {
    const icons = [
      ...contributes.commands.flatMap(({ icon }) => icon ?? []),
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      manifest.icon,
    ];
    for (const icon of icons) expect(icon).toMatch(/^(\$\([a-z-]+\)|media\/[\w.-]+\.(svg|png))$/);
  });
});

describe('walkthrough', () => {
  const [walkthrough, ...others] = contributes.walkthroughs;
  const steps = walkthrough?.steps ?? [];

  test('there is one: sign in, see, create, revoke', () => {
    expect(others).toEqual([]);
    expect(walkthrough?.id).toBe('getStarted');
    expect(shown(walkthrough?.title ?? '')).toBe('Get started with Omi API keys');
    expect(steps.map(({ id }) => id)).toEqual(['signIn', 'seeKeys', 'createKey', 'revokeKey']);
  });

  test.each(steps)('$id shows a small picture and says what is on it', ({ media }) => {
    expect(media.image).toMatch(/^media\/walkthrough\/\w+\.png$/);
    const bytes = readFileSync(join(root, media.image));
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(bytes.length).toBeLessThan(60 * 1024);
    expect(shown(media.altText)).not.toBe('');
  });

  test.each(steps)('$id offers a button', ({ description }) => {
    expect(shown(description)).toMatch(/^\[[^\]]+\]\(command:[\w.]+\)$/m);
  });

  test.each(steps)('$id is over by something that can happen', ({ completionEvents }) => {
    expect(completionEvents).not.toEqual([]);
    for (const event of completionEvents) {
      const [, kind, rest = ''] = /^(onCommand|onContext):(.+)$/.exec(event) ?? [];
      expect(kind, event).toBeDefined();
      if (kind === 'onCommand') expect(known).toContain(rest);
      else for (const name of identifiers(rest)) expect(Object.values(contextKeys)).toContain(name);
    }
  });

  test('no picture is left over', () => {
    const pictures = readdirSync(join(root, 'media/walkthrough')).map((name) => `media/walkthrough/${name}`);
    expect(pictures.toSorted()).toEqual(steps.map(({ media }) => media.image).toSorted());
  });
});

describe('settings', () => {
  const { properties } = contributes.configuration;

  /** Default and scope of every setting there is or will be; those about the server are the person's own. */
  const settings: Record<string, { scope?: 'application'; default?: unknown }> = {
    'omi.apiBaseUrl': { scope: 'application', default: 'https://api.omi.me' },
    'omi.firebase.apiKey': { scope: 'application' },
    'omi.firebase.authEmulatorHost': { scope: 'application', default: '' },
    'omi.requestTimeoutSeconds': { scope: 'application', default: 20 },
    'omi.keys.staleAfterDays': { default: 90 },
    'omi.keys.sortBy': { default: 'lastUsed' },
    'omi.clipboard.clearAfterSeconds': { default: 60 },
    'omi.leaks.watch': { default: true },
    'omi.leaks.exclude': {},
  };

  test('the manifest and the table hold the same names', () => {
    const table = readdirSync(join(root, 'src/editor'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => /export const settingNames = \{([^}]*)\}/.exec(read(`src/editor/${name}`))?.[1])
      .find((found) => found !== undefined);
    const names = Array.from(
      (table ?? '').matchAll(/\w+:\s*'([\w.]+)'/g),
      (match) => `omi.${match[1] ?? ''}`,
    );
    expect(names).not.toEqual([]);
    expect(names.toSorted()).toEqual(Object.keys(properties).toSorted());
  });

  test.each(Object.entries(properties))('%s has the known scope and default', (name, setting) => {
    const expected = settings[name];
    expect(expected, 'unknown setting').toBeDefined();
    expect(setting.scope).toBe(expected?.scope);
    if (expected && 'default' in expected) expect(setting.default).toEqual(expected.default);
  });

  test('no repository can send a session elsewhere', () => {
    for (const [name, { scope }] of Object.entries(properties)) {
      if (/url|host|firebase|timeout/i.test(name)) expect(scope, name).toBe('application');
    }
  });

  test('the default server is the one that the code takes for Omi', () => {
    expect(properties['omi.apiBaseUrl']?.default).toBe(defaultBaseUrl);
  });
});

describe('what is installed', () => {
  const lockfiles = [
    'package-lock.json',
    ...readdirSync(join(root, 'test/hosts'))
      .filter((name) => existsSync(join(root, 'test/hosts', name, 'package.json')))
      .map((name) => `test/hosts/${name}/package-lock.json`),
  ];

  interface Lockfile {
    packages: Record<string, { version?: string; resolved?: string; integrity?: string; link?: boolean }>;
  }

  test.each(lockfiles)('%s names no place to download from', (path) => {
    const lock = JSON.parse(read(path)) as Lockfile;
    const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(resolved.map(([name]) => name)).toEqual([]);
    expect(read(path)).not.toMatch(/registry|\.tgz|_authToken/);
  });

  test.each(lockfiles)('%s knows every package by its content', (path) => {
    const lock = JSON.parse(read(path)) as Lockfile;
    const loose = Object.entries(lock.packages).filter(([name, { integrity }]) => name !== '' && !integrity);
    expect(loose.map(([name]) => name)).toEqual([]);
  });

  test.each(['.npmrc', ...lockfiles.slice(1).map((path) => path.replace('package-lock.json', '.npmrc'))])(
    '%s lets no package run scripts, and names no registry',
    (path) => {
      const lines = read(path).split('\n');
      expect(lines).toContain('ignore-scripts=true');
      expect(lines.filter((line) => /registry\s*=|^\/\/|auth/i.test(line))).toEqual([]);
    },
  );

  test('versions are exact', () => {
    const all = JSON.parse(text) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    for (const [name, version] of Object.entries({ ...all.dependencies, ...all.devDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});
