// Stands in for the native `native-watchdog`, which ends an extension host whose server is gone. The guard of the
// server does that here.
'use strict';
exports.start = () => {};
exports.exit = (code) => process.exit(code || 0);
