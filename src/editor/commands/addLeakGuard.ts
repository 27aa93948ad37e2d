import { l10n, Uri, window, workspace, type WorkspaceFolder } from 'vscode';
import { guardPaths, type GuardFile, type GuardPath } from '../../leaks/leakGuard';
import { applyGuard, planGuard, type GuardEnd, type PlannedGuard } from '../leaks/guardEdit';
import { showGithubPattern } from '../leaks/githubPattern';
import { repositoryRootOf } from '../leaks/repositoryRoot';
import { showNotice } from '../notify';
import { asPlainText, withoutIcons } from '../words';

/**
 * "Omi: Add Leak Guard to Repository": plans a rule for gitleaks and a hook for pre-commit, lets the person review them,
 * and shows what GitHub's secret scanning takes. Runs nothing of the repository, so it also works in Restricted Mode.
 */
export async function addLeakGuard(): Promise<void> {
  const root = await repositoryFor();
  if (!root) return;
  const plan = await planGuard(root);
  const ends = await applyGuard(plan);
  const github = l10n.t('Show Pattern for GitHub');
  const { level, message } = report(plan, ends);
  if ((await showNotice(level, message, [github])) === github) await showGithubPattern();
}

/** The root of the repository that is meant; undefined when the person gave up, or when no folder is open. */
async function repositoryFor(): Promise<Uri | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  const [only, another] = folders;
  if (!only) {
    await showNotice('info', l10n.t('No folder is open, so there is no repository to guard.'), []);
    return undefined;
  }
  const folder = another ? await pickFolder(folders) : only;
  if (!folder) return undefined;
  const root = await repositoryRootOf(folder.uri);
  if (!root) {
    const message = l10n.t(
      '{0} is in no Git repository, so there is nothing to guard.',
      asPlainText(folder.name),
    );
    await showNotice('warn', message, []);
  }
  return root;
}

async function pickFolder(folders: readonly WorkspaceFolder[]): Promise<WorkspaceFolder | undefined> {
  const items = folders.map((folder) => ({
    label: withoutIcons(folder.name),
    description: withoutIcons(folder.uri.scheme === 'file' ? folder.uri.fsPath : folder.uri.toString(true)),
    folder,
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Add Leak Guard to Repository'),
    placeHolder: l10n.t('Choose the repository'),
    ignoreFocusOut: true,
  });
  return chosen?.folder;
}

type Ends = Readonly<Record<GuardPath, GuardEnd>>;

function report(
  plan: PlannedGuard,
  ends: Ends,
): { readonly level: 'info' | 'warn'; readonly message: string } {
  const sentences = guardPaths.map((path) => sentenceFor(path, plan, ends[path]));
  const isAdded = ['added', 'addedUnsaved'].includes(ends['.pre-commit-config.yaml']);
  const hook = isAdded
    ? l10n.t(
        'Run "pre-commit install" once, so that each commit is checked; pre-commit then runs whatever that file names.',
      )
    : '';
  const isDone = guardPaths.every((path) => ends[path] === 'added' || ends[path] === 'present');
  return { level: isDone ? 'info' : 'warn', message: [...sentences, hook].filter(Boolean).join(' ') };
}

function sentenceFor(path: GuardPath, { files, problems }: PlannedGuard, end: GuardEnd): string {
  switch (end) {
    case 'added':
      return l10n.t('Added a guard to {0}.', path);
    case 'addedUnsaved':
      return l10n.t('Added a guard to {0}, which is not saved yet.', path);
    case 'present':
      return l10n.t('{0} has a guard for Omi keys already.', path);
    case 'letOut':
      return l10n.t('Nothing was added to {0}.', path);
    case 'cannot':
      return l10n.t('{0} was left alone: {1}', path, asPlainText(problems[path]) || whyNot(files[path]));
  }
}

function whyNot(file: GuardFile): string {
  if (file.kind !== 'cannot') return '';
  switch (file.why) {
    case 'conflict':
      return l10n.t('it has unresolved merge conflicts.');
    case 'unreadable':
      return l10n.t('it cannot be parsed.');
    case 'form':
      return l10n.t('its form allows no additions.');
  }
}
