import { makePackage } from '../../scripts/package';

/** Makes the package that all window tests install, unless `OMI_VSIX` names one. */
export default async function globalSetup(): Promise<void> {
  process.env['OMI_VSIX'] ??= await makePackage();
}
