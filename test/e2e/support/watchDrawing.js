/* global document, Element, indexedDB, localStorage, MutationObserver, NodeFilter, omiSecretPattern, omiSecretSeen, TextDecoder */
// Runs in the window from its first moment on: looks at each text and label when it is drawn, and reports where a secret
// was. A person's own file may hold a key, and the editor shows it; a program may print one, and the terminal shows it:
// the lines of files and of terminals are left out, not those of any other text, such as the log or a text that is not
// saved anywhere, and nothing else of a terminal. `omiSecretPattern` and `omiSecretSeen` come from secretWatch.ts.
{
  const secret = new RegExp(omiSecretPattern);
  const everySecret = new RegExp(omiSecretPattern, 'g');
  // With its list of quick fixes VS Code speaks the word at the caret, which is of the person's own file.
  const spoken = /Context: \S+ at line \d+ and column \d+\./g;
  const look = (text, node) => {
    const match = text === null ? null : secret.exec(text.replace(spoken, ''));
    if (match === null) return;
    const element = node instanceof Element ? node : node.parentElement;
    omiSecretSeen(`${match[0].slice(0, 12)}… in ${element?.tagName ?? '?'} ${element?.className ?? ''}`);
  };
  const textsOfFiles = ['.view-lines', 'textarea', '.native-edit-context'].flatMap((part) =>
    ['file', 'vscode-remote', 'vscode-notebook-cell'].map(
      (scheme) => `.monaco-editor[data-uri^="${scheme}:"] ${part}`,
    ),
  );
  const ownTexts = [...textsOfFiles, '.terminal-wrapper .xterm-rows'].join(', ');
  // What was taken away before it could be seen was in some place that cannot be told any more.
  const isOwn = (node) => {
    const element = node instanceof Element ? node : node.parentElement;
    return !node.isConnected || element?.closest(ownTexts) != null;
  };
  const textOf = (node) => {
    if (!(node instanceof Element) || node.querySelector(ownTexts) === null) return node.textContent;
    const copy = node.cloneNode(true);
    // A part of a copy may have left its editor or terminal, which the selector asks for.
    const all = node.querySelectorAll('*');
    copy.querySelectorAll('*').forEach((element, index) => {
      if (all[index]?.matches(ownTexts)) element.remove();
    });
    return copy.textContent;
  };
  globalThis.omiTextOnScreen = () => textOf(document.body).replace(spoken, '');
  // For pictures: the digits in the middle become dots, until the line is drawn anew.
  globalThis.omiHideSecrets = () => {
    const hidden = (raw) => raw.slice(0, 12) + '•'.repeat(raw.length - 16) + raw.slice(-4);
    for (const lines of document.querySelectorAll('.view-lines, .xterm-rows')) {
      const texts = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const { currentNode: text } = texts;
        if (secret.test(text.data)) text.data = text.data.replace(everySecret, hidden);
      }
    }
  };
  const lookAtLabels = (element) => {
    if (isOwn(element)) return;
    for (const { value } of element.attributes) look(value, element);
  };
  new MutationObserver((mutations) => {
    for (const { type, target, addedNodes, attributeName } of mutations) {
      if (isOwn(target)) continue;
      if (type === 'characterData') look(target.textContent, target);
      if (type === 'attributes') look(target.getAttribute(attributeName), target);
      for (const node of addedNodes) {
        if (isOwn(node)) continue;
        look(textOf(node), node);
        if (!(node instanceof Element)) continue;
        lookAtLabels(node);
        node.querySelectorAll('*').forEach(lookAtLabels);
      }
    }
  }).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ['aria-label', 'title', 'value', 'placeholder'],
  });
  const textOfValue = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
      return new TextDecoder('latin1').decode(value);
    if (typeof value === 'string') return value;
    // VS Code keeps files as objects with bytes in them.
    return typeof value === 'object' && value !== null
      ? Object.values(value).map(textOfValue).join('\n')
      : String(value);
  };
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const entriesOf = async (name) => {
    const database = await settled(indexedDB.open(name));
    const entries = [];
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([settled(objects.getAllKeys()), settled(objects.getAll())]);
      keys.forEach((key, index) => {
        entries.push({ path: `${name}/${store}/${String(key)}`, text: textOfValue(values[index]) });
      });
    }
    database.close();
    return entries;
  };
  globalThis.omiKeptTexts = async () => {
    const databases = await Promise.all((await indexedDB.databases()).map(({ name }) => entriesOf(name)));
    const local = Object.entries(localStorage).map(([path, text]) => ({
      path: `localStorage/${path}`,
      text,
    }));
    return JSON.stringify([...databases.flat(), ...local]);
  };
}
