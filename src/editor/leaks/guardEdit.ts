import { l10n, Position, Range, Uri, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import {
  guardFiles,
  guardPaths,
  type GuardFile,
  type GuardPath,
  type GuardPlan,
} from '../../leaks/leakGuard';
import { openText } from '../secrets/textFile';

/** What would be added to a repository, and to which texts. */
export interface PlannedGuard {
  readonly root: Uri;
  readonly files: GuardPlan;
  /** Undefined for files that are not there. */
  readonly documents: Readonly<Record<GuardPath, TextDocument | undefined>>;
  /** Why a file cannot be changed, in words; empty when it can. */
  readonly problems: Readonly<Record<GuardPath, string>>;
}

/** What became of one file. */
export type GuardEnd = 'added' | 'addedUnsaved' | 'present' | 'letOut' | 'cannot';

/** Stands for a text that is no text: nothing is planned for it. */
const unreadable = '\ufffd';

/** Reads the files of a guard as VS Code has them, unsaved text included, and plans what is missing. */
export async function planGuard(root: Uri): Promise<PlannedGuard> {
  const read = async (
    path: GuardPath,
  ): Promise<{ document?: TextDocument; text?: string; problem: string }> => {
    const opened = await openText(Uri.joinPath(root, path));
    if (!opened.ok) return { text: unreadable, problem: opened.failure };
    const document = opened.value;
    return document ? { document, text: document.getText(), problem: '' } : { problem: '' };
  };
  const gitleaks = await read('.gitleaks.toml');
  const preCommit = await read('.pre-commit-config.yaml');
  return {
    root,
    files: guardFiles({ '.gitleaks.toml': gitleaks.text, '.pre-commit-config.yaml': preCommit.text }),
    documents: { '.gitleaks.toml': gitleaks.document, '.pre-commit-config.yaml': preCommit.document },
    problems: { '.gitleaks.toml': gitleaks.problem, '.pre-commit-config.yaml': preCommit.problem },
  };
}

/**
 * Lets the person review what would be added: VS Code's preview opens, and only what is ticked there is done, as one
 * edit that can be undone. Files that had no unsaved text are saved.
 *
 * @returns what became of each file, by what is in it afterwards.
 */
export async function applyGuard(plan: PlannedGuard): Promise<Readonly<Record<GuardPath, GuardEnd>>> {
  const { root, files, documents } = plan;
  const wanted = guardPaths.filter((path) => files[path].kind === 'changes');
  const wasUnsaved = new Set(wanted.filter((path) => documents[path]?.isDirty));
  if (wanted.length > 0) {
    const edit = new WorkspaceEdit();
    wanted.forEach((path) => addTo(edit, Uri.joinPath(root, path), files[path], documents[path]));
    await workspace.applyEdit(edit);
  }
  const after = wanted.length > 0 ? await planGuard(root) : plan;
  const ends = await Promise.all(
    guardPaths.map(async (path): Promise<[GuardPath, GuardEnd]> => {
      const { kind } = files[path];
      if (kind !== 'changes') return [path, kind];
      if (after.files[path].kind !== 'present') return [path, 'letOut'];
      const document = after.documents[path];
      const isSaved = document?.isDirty !== true || (!wasUnsaved.has(path) && (await document.save()));
      return [path, isSaved ? 'added' : 'addedUnsaved'];
    }),
  );
  return Object.fromEntries(ends) as Record<GuardPath, GuardEnd>;
}

function addTo(edit: WorkspaceEdit, uri: Uri, file: GuardFile, document: TextDocument | undefined): void {
  if (file.kind !== 'changes') return;
  const metadata = { needsConfirmation: true, label: l10n.t('Leak guard for Omi API keys') };
  if (!document) edit.createFile(uri, { ignoreIfExists: true }, metadata);
  for (const { start, end, text } of file.changes) {
    const at = (offset: number): Position => document?.positionAt(offset) ?? new Position(0, 0);
    edit.replace(uri, new Range(at(start), at(end)), text, metadata);
  }
}
