/* global document, Element, MutationObserver, NodeFilter, omiSecretPattern, omiSecretSeen, omiSpokenPattern */
// Runs in the window from its first moment on: looks at each text and label when it is drawn, and reports where a secret
// was. A person's own file may hold a key, and the editor shows it: the lines of a file are left out, not those of any
// other text, such as the log or a text that is not saved anywhere. What begins with `omi` comes from secretWatch.ts.
{
  const secret = new RegExp(omiSecretPattern);
  const spoken = new RegExp(omiSpokenPattern, 'g');
  const isFile = (element) =>
    /^(file|vscode-remote):/.test(
      element.closest('.monaco-editor[data-uri]')?.getAttribute('data-uri') ?? '',
    );
  const linesOfEditors = '.view-lines, textarea, .native-edit-context';
  const isOfFile = (element) => element?.closest(linesOfEditors) != null && isFile(element);
  const withoutFiles = (node) => {
    const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    let rest = '';
    while (texts.nextNode()) if (!isOfFile(texts.currentNode.parentElement)) rest += texts.currentNode.data;
    return rest;
  };
  const look = (text, node) => {
    if (text === null || !secret.test(text)) return;
    const element = node instanceof Element ? node : node.parentElement;
    if (isOfFile(element)) return;
    const isOwnText = node instanceof Element && text === node.textContent;
    const match = secret.exec((isOwnText ? withoutFiles(node) : text).replace(spoken, ''));
    if (match === null) return;
    omiSecretSeen(`${match[0].slice(0, 12)}… in ${element?.tagName ?? '?'} ${element?.className ?? ''}`);
  };
  const lookAtLabels = (element) => {
    for (const { value } of element.attributes) look(value, element);
  };
  new MutationObserver((mutations) => {
    for (const { type, target, addedNodes, attributeName } of mutations) {
      if (type === 'characterData') look(target.textContent, target);
      if (type === 'attributes') look(target.getAttribute(attributeName), target);
      for (const node of addedNodes) {
        look(node.textContent, node);
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
}
