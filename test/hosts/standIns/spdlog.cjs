// Stands in for the native logger `@vscode/spdlog`, which is not compiled here: without it VS Code writes no log files,
// and an output channel that shows a log file (every LogOutputChannel) stays empty.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const names = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];
const off = names.length;

class Logger {
  constructor(_type, _name, file, maxFileSize, maxFiles) {
    this.file = file;
    this.maxFileSize = maxFileSize;
    this.maxFiles = maxFiles;
    this.level = 2;
    this.formatted = true;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.appendFileSync(file, '');
  }
  trace(message) {
    this.write(0, message);
  }
  debug(message) {
    this.write(1, message);
  }
  info(message) {
    this.write(2, message);
  }
  warn(message) {
    this.write(3, message);
  }
  error(message) {
    this.write(4, message);
  }
  critical(message) {
    this.write(5, message);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  setPattern() {}
  clearFormatters() {
    this.formatted = false;
  }
  // Every line is written at once, so there is nothing to flush.
  flush() {}
  drop() {
    this.level = off;
  }

  write(level, message) {
    if (level < this.level) return;
    const text = this.formatted ? `${localTime()} [${names[level]}] ${message}\n` : message;
    try {
      this.rotate(text.length);
      fs.appendFileSync(this.file, text);
    } catch {
      // A log that cannot be written (its directory was removed at the end) must not stop VS Code.
    }
  }

  rotate(added) {
    if (this.maxFiles < 2 || fs.statSync(this.file).size + added <= this.maxFileSize) return;
    const { dir, name, ext } = path.parse(this.file);
    const numbered = (index) => (index === 0 ? this.file : path.join(dir, `${name}.${index}${ext}`));
    for (let index = this.maxFiles - 1; index > 0; index--) {
      if (fs.existsSync(numbered(index - 1))) fs.renameSync(numbered(index - 1), numbered(index));
    }
  }
}

function localTime() {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().replace('T', ' ').slice(0, 23);
}

async function createAsyncRotatingLogger(name, file, maxFileSize, maxFiles) {
  return new Logger('rotating_async', name, file, maxFileSize, maxFiles);
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = createAsyncRotatingLogger;
exports.createAsyncRotatingLogger = createAsyncRotatingLogger;
