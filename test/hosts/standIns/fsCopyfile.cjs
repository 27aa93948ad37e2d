// Stands in for the native `@vscode/fs-copyfile` (copy-on-write), which the built-in Git extension loads at its start.
'use strict';
const fs = require('node:fs');
exports.constants = fs.constants;
exports.copyFile = fs.promises.copyFile;
exports.copyFileSync = fs.copyFileSync;
exports.cp = fs.promises.cp;
exports.isCloneSupported = () => false;
