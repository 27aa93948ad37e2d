import * as vscode from 'vscode';
import { hostWatch, replace } from './hostWatch';
import { until } from './until';

/** A message that VS Code was asked to show, as a person would have seen it. */
export interface ShownMessage {
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly detail: string | undefined;
  readonly isModal: boolean;
  readonly buttons: readonly string[];
  /** Presses a button; undefined closes the message. */
  press(button: string | undefined): void;
}

type Pick = vscode.QuickPick<vscode.QuickPickItem>;

/** A list of choices that is open; VS Code tells which one the next Enter takes. */
interface Menu {
  readonly items: readonly vscode.QuickPickItem[];
  active: vscode.QuickPickItem | undefined;
}

/**
 * Plays the person at the prompts. In a test run VS Code refuses to show dialogs and nobody can press a toast, so
 * messages are caught on their way; input boxes and picks are the real ones.
 */
export class Person {
  readonly messages: ShownMessage[] = [];
  readonly #watch = hostWatch();
  readonly #restore: (() => void)[] = [];
  #inputBox: vscode.InputBox | undefined;
  /** Who wants to hear what is typed into the input box. */
  #typed = new Set<(text: string) => void>();
  /** Who wants to hear which button of the input box is pressed. */
  #pressed = new Set<(button: vscode.QuickInputButton) => void>();
  #quickPick: Pick | undefined;
  #menu: Menu | undefined;
  readonly #addresses: string[] = [];
  #next = 0;

  constructor() {
    this.#catchMessages('showInformationMessage', 'info');
    this.#catchMessages('showWarningMessage', 'warn');
    this.#catchMessages('showErrorMessage', 'error');
    const createInputBox = vscode.window.createInputBox.bind(vscode.window);
    this.#replace('createInputBox', () => {
      const box = createInputBox();
      this.#inputBox = box;
      this.#typed = new Set();
      const listeners = this.#typed;
      // VS Code tells of text that was typed, not of text that was set.
      replace(box, 'onDidChangeValue', (listener: (text: string) => void) => {
        listeners.add(listener);
        return new vscode.Disposable(() => listeners.delete(listener));
      });
      this.#pressed = new Set();
      const buttonListeners = this.#pressed;
      const onDidTriggerButton = box.onDidTriggerButton.bind(box);
      replace(box, 'onDidTriggerButton', (listener: (button: vscode.QuickInputButton) => void) => {
        buttonListeners.add(listener);
        const real = onDidTriggerButton(listener);
        return vscode.Disposable.from(real, new vscode.Disposable(() => buttonListeners.delete(listener)));
      });
      box.onDidHide(() => {
        if (this.#inputBox === box) this.#inputBox = undefined;
      });
      return box;
    });
    const createQuickPick = vscode.window.createQuickPick.bind(vscode.window);
    this.#replace('createQuickPick', () => {
      const pick = createQuickPick();
      this.#quickPick = pick;
      pick.onDidHide(() => {
        if (this.#quickPick === pick) this.#quickPick = undefined;
      });
      return pick;
    });
    const showQuickPick = vscode.window.showQuickPick.bind(vscode.window);
    this.#replace(
      'showQuickPick',
      async (items: readonly vscode.QuickPickItem[], options: vscode.QuickPickOptions) => {
        const menu: Menu = { items, active: undefined };
        this.#menu = menu;
        const onDidSelectItem = (item: vscode.QuickPickItem): void => {
          menu.active = item;
        };
        try {
          return await showQuickPick(items, { ...options, onDidSelectItem });
        } finally {
          if (this.#menu === menu) this.#menu = undefined;
        }
      },
    );
    this.#restore.push(
      replace(vscode.env, 'openExternal', (address: vscode.Uri) => {
        this.#addresses.push(address.toString(true));
        return Promise.resolve(true);
      }),
    );
  }

  /** The next address that the browser was sent to; it is not opened. */
  address(): Promise<string> {
    return until('an address for the browser', () => this.#addresses.shift());
  }

  /** Whether the browser was sent to an address that nobody has looked at. */
  get hasAddress(): boolean {
    return this.#addresses.length > 0;
  }

  /** The next message that was not looked at yet. */
  async nextMessage(): Promise<ShownMessage> {
    const message = await until('a message', () => this.messages[this.#next]);
    this.#next += 1;
    return message;
  }

  /** Looks at the next message, which must be the modal question, and answers it. */
  async answer(button: string | undefined): Promise<ShownMessage> {
    const question = await this.nextMessage();
    if (!question.isModal) throw new Error(`Not a question: ${question.text}`);
    question.press(button);
    return question;
  }

  /** Looks at the next message and closes it. */
  async close(): Promise<ShownMessage> {
    const message = await this.nextMessage();
    message.press(undefined);
    return message;
  }

  /** How many messages nobody has looked at. */
  get unseen(): number {
    return this.messages.length - this.#next;
  }

  get hasInputBox(): boolean {
    return this.#inputBox !== undefined;
  }

  get hasPick(): boolean {
    return this.#quickPick !== undefined;
  }

  /** The input box that is open. */
  inputBox(): Promise<vscode.InputBox> {
    return until('an input box', () => this.#inputBox);
  }

  /** Types into the open input box, in place of what it holds; it stays open. */
  async type(text: string): Promise<void> {
    const box = await this.inputBox();
    box.value = text;
    this.#typed.forEach((listener) => listener(text));
  }

  /** Presses a button of the open input box, for which VS Code has no command. */
  async pressInBox(tooltip: string): Promise<void> {
    const { buttons } = await this.inputBox();
    const button = buttons.find((one) => one.tooltip === tooltip);
    if (!button) throw new Error(`No button ${tooltip}`);
    this.#pressed.forEach((listener) => listener(button));
  }

  /** Fills the open input box and presses Enter, without waiting for what comes of it. */
  async paste(text: string): Promise<void> {
    if (text.trim().length > 8) this.#watch.secrets.add(text.trim());
    const box = await this.inputBox();
    box.validationMessage = undefined;
    box.value = text;
    await this.enter();
  }

  /** Fills the open input box with what is no secret, presses Enter and waits until the box has closed. */
  async write(text: string): Promise<void> {
    const box = await this.inputBox();
    box.value = text;
    await this.enter();
    await until('the box to close', () => this.#inputBox !== box);
  }

  /** Fills the open input box with what is no secret and presses Enter; gives what the box says, which stays open. */
  async tryOut(text: string): Promise<vscode.InputBoxValidationMessage> {
    const box = await this.inputBox();
    box.validationMessage = undefined;
    box.value = text;
    await this.enter();
    const said = await until('a remark', () =>
      typeof box.validationMessage === 'object' ? box.validationMessage : undefined,
    );
    this.#watch.shown.push(said.message);
    if (this.#inputBox !== box) throw new Error('The box has closed');
    return said;
  }

  /** Presses the Back button of the open input box or pick. */
  async back(): Promise<void> {
    const open = this.#inputBox ?? this.#quickPick;
    await vscode.commands.executeCommand('workbench.action.quickInputBack');
    await until('the step to close', () => (this.#inputBox ?? this.#quickPick) !== open);
  }

  /** Fills the open input box and presses Enter; gives what the box says, or nothing when it has closed. */
  async submit(text: string): Promise<string | undefined> {
    const box = await this.inputBox();
    await this.paste(text);
    await until('an answer to the input', () => this.#inputBox !== box || errorIn(box) !== undefined);
    if (this.#inputBox !== box) return undefined;
    await until('the box to take input again', () => box.enabled);
    const said = errorIn(box);
    this.#watch.shown.push(said ?? '');
    return said;
  }

  /** Presses Enter in the open input box or pick. */
  async enter(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  }

  /** Presses Escape in the open input box or pick, which closes it. */
  async escape(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await until('the prompt to close', () => !this.#inputBox && !this.#quickPick && !this.#menu);
  }

  /** The pick that is open, once it is filled. */
  async quickPick(): Promise<Pick> {
    const pick = await until('a filled pick', () =>
      this.#quickPick?.busy === false && this.#quickPick.items.length > 0 ? this.#quickPick : undefined,
    );
    pick.items.forEach((item) => this.#watch.shown.push(`${item.label} ${item.description ?? ''}`));
    return pick;
  }

  /** Ticks the items of these names in the open pick, as with the keyboard, and presses Enter. */
  async tick(...labels: string[]): Promise<void> {
    const pick = await this.quickPick();
    for (const label of labels) {
      const wanted = itemOf(pick, label);
      pick.value = label;
      // The list may only now be narrowed down to the label, and then no item is the active one any more.
      await until(`${label} to be ticked`, async () => {
        const isActive = pick.activeItems[0] === wanted;
        await vscode.commands.executeCommand(
          isActive ? 'workbench.action.quickPickManyToggle' : 'quickInput.next',
        );
        return pick.selectedItems.includes(wanted);
      });
    }
    await this.enter();
    await until('the pick to close', () => this.#quickPick !== pick);
  }

  /** Types a name that only one item of the open pick has, and presses Enter. */
  async choose(label: string): Promise<void> {
    const pick = await this.quickPick();
    const wanted = itemOf(pick, label);
    pick.value = label;
    await until(`${label} to be the active item`, () => pick.activeItems[0] === wanted);
    await this.enter();
    await until('the pick to close', () => this.#quickPick !== pick);
  }

  /** The choices of the list that is open. */
  async choices(): Promise<readonly vscode.QuickPickItem[]> {
    const { items } = await until('a list of choices', () => (this.#menu?.active ? this.#menu : undefined));
    items.forEach((item) =>
      this.#watch.shown.push(`${item.label} ${item.description ?? ''} ${item.detail ?? ''}`),
    );
    return items;
  }

  /** Goes down the open list to a choice, as with the keyboard, and presses Enter. */
  take(label: string): Promise<void> {
    return this.#takeItem(label, (item) => item.label === label);
  }

  /** Like {@link take}, where several choices have the label. */
  takeOf(label: string, description: string): Promise<void> {
    return this.#takeItem(label, (item) => item.label === label && item.description === description);
  }

  async #takeItem(label: string, isWanted: (item: vscode.QuickPickItem) => boolean): Promise<void> {
    const items = await this.choices();
    const menu = this.#menu;
    if (!items.some(isWanted)) throw new Error(`No choice ${label}`);
    await until(`${label} to be the active choice`, async () => {
      if (menu?.active && isWanted(menu.active)) return true;
      await vscode.commands.executeCommand('quickInput.next');
      return false;
    });
    await this.enter();
    await until('the list to close', () => this.#menu !== menu);
  }

  /** The rows of the open list in which several can be ticked, where none is the active one at first. */
  async rows(): Promise<readonly vscode.QuickPickItem[]> {
    const { items } = await until('a list of rows', async () => {
      if (this.#menu && !this.#menu.active) await vscode.commands.executeCommand('quickInput.next');
      return this.#menu?.active ? this.#menu : undefined;
    });
    items.forEach((item) => this.#watch.shown.push(`${item.label} ${item.description ?? ''}`));
    return items;
  }

  /** Presses Enter in the open list, with the rows that are ticked. */
  async acceptRows(): Promise<void> {
    const menu = this.#menu;
    await this.enter();
    await until('the list to close', () => this.#menu !== menu);
  }

  /** Closes every message that is still open, and forgets what was shown. */
  forget(): void {
    this.messages.forEach((message) => message.press(undefined));
    this.#addresses.length = 0;
    this.messages.length = 0;
    this.#next = 0;
  }

  leave(): void {
    this.#restore.forEach((restore) => restore());
  }

  #catchMessages(
    name: 'showInformationMessage' | 'showWarningMessage' | 'showErrorMessage',
    level: ShownMessage['level'],
  ): void {
    this.#replace(name, (text: string, ...rest: unknown[]): Promise<unknown> => {
      const options = rest.find(
        (part): part is vscode.MessageOptions =>
          typeof part === 'object' && part !== null && !('title' in part),
      );
      const buttons = rest.filter((part) => typeof part === 'string');
      this.#watch.shown.push(text, options?.detail ?? '');
      return new Promise((resolve) => {
        this.messages.push({
          level,
          text,
          detail: options?.detail,
          isModal: options?.modal === true,
          buttons,
          press: (button) => {
            if (button !== undefined && !buttons.includes(button)) {
              throw new Error(`No button ${button} on “${text}”, only ${buttons.join(', ')}`);
            }
            resolve(button);
          },
        });
      });
    });
  }

  #replace(name: keyof typeof vscode.window, value: unknown): void {
    this.#restore.push(replace(vscode.window, name, value));
  }
}

/** The error that a box shows; a hint is none. */
function errorIn({ validationMessage: said }: vscode.InputBox): string | undefined {
  if (typeof said !== 'object') return said === '' ? undefined : said;
  return said.severity === vscode.InputBoxValidationSeverity.Error ? said.message : undefined;
}

function itemOf(pick: Pick, label: string): vscode.QuickPickItem {
  const found = pick.items.find((item) => item.label === label);
  if (!found) throw new Error(`No item ${label}, only ${pick.items.map((item) => item.label).join(', ')}`);
  return found;
}
