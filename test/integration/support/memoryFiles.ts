import * as vscode from 'vscode';

/** A virtual file system with one folder, `memfs:/cloud`, which can refuse to be written or read. */
export class MemoryFiles implements vscode.FileSystemProvider {
  readonly #files = new Map<string, Uint8Array>();
  readonly #changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changes.event;
  #turn = 0;
  refusesWrites = false;
  /** A file of this name cannot be read. */
  unreadable: string | undefined;
  /** Marks every file as one that cannot be written. */
  isReadOnly = false;

  /** The text of a file below the folder; undefined when there is none. */
  text(name: string): string | undefined {
    const bytes = this.#files.get(`/cloud/${name}`);
    return bytes && Buffer.from(bytes).toString();
  }

  put(name: string, text: string): void {
    this.#set(`/cloud/${name}`, Buffer.from(text));
  }

  clear(): void {
    for (const path of [...this.#files.keys()]) this.#forget(path);
    this.refusesWrites = false;
    this.unreadable = undefined;
    this.isReadOnly = false;
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat({ path }: vscode.Uri): vscode.FileStat {
    if (path === '/' || path === '/cloud')
      return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    const size = this.readFile(vscode.Uri.from({ scheme: 'memfs', path })).length;
    const stat = { type: vscode.FileType.File, ctime: 0, mtime: this.#turn, size };
    return this.isReadOnly ? { ...stat, permissions: vscode.FilePermission.Readonly } : stat;
  }

  readDirectory(): [string, vscode.FileType][] {
    return [...this.#files.keys()].map((path) => [path.replace('/cloud/', ''), vscode.FileType.File]);
  }

  readFile(uri: vscode.Uri): Uint8Array {
    const bytes = this.#files.get(uri.path);
    if (uri.path === `/cloud/${this.unreadable ?? ''}`) throw vscode.FileSystemError.NoPermissions(uri);
    if (!bytes) throw vscode.FileSystemError.FileNotFound(uri);
    return bytes;
  }

  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    if (this.refusesWrites) throw vscode.FileSystemError.NoPermissions(uri);
    this.#set(uri.path, bytes);
  }

  delete({ path }: vscode.Uri): void {
    this.#forget(path);
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  #set(path: string, bytes: Uint8Array): void {
    const type = this.#files.has(path) ? vscode.FileChangeType.Changed : vscode.FileChangeType.Created;
    this.#turn += 1;
    this.#files.set(path, bytes);
    this.#changes.fire([{ type, uri: vscode.Uri.from({ scheme: 'memfs', path }) }]);
  }

  #forget(path: string): void {
    this.#files.delete(path);
    this.#changes.fire([
      { type: vscode.FileChangeType.Deleted, uri: vscode.Uri.from({ scheme: 'memfs', path }) },
    ]);
  }
}
