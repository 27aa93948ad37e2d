import * as vscode from 'vscode';

export interface PlainTree {
  readonly provider: vscode.TreeDataProvider<string>;
  /** Draws the rows that hold a text; all for an empty one. */
  draw(filter: string): void;
}

/** A view of rows that are nothing but a name, below one group: the least that a tree of so many rows costs. */
export function plainTree(count: number): PlainTree {
  const names = Array.from({ length: count }, (_, index) => `key-${String(index).padStart(4, '0')}`);
  const changes = new vscode.EventEmitter<undefined>();
  let shown = names;
  const provider: vscode.TreeDataProvider<string> = {
    onDidChangeTreeData: changes.event,
    getChildren: (parent) => (parent === undefined ? ['Rows'] : parent === 'Rows' ? shown : []),
    getTreeItem: (name) => {
      const { Expanded, None } = vscode.TreeItemCollapsibleState;
      const item = new vscode.TreeItem(name, name === 'Rows' ? Expanded : None);
      item.id = name;
      return item;
    },
  };
  vscode.window.createTreeView('omiBench.rows', { treeDataProvider: provider });
  return {
    provider,
    draw: (filter) => {
      shown = names.filter((name) => name.includes(filter));
      changes.fire(undefined);
    },
  };
}
