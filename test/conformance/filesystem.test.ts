// SPDX-License-Identifier: Apache-2.0
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';
import { temporaryFolder } from '../support/registry-folder.ts';

conformanceOf(async () => wireOver(filesystemDriver(await temporaryFolder())));
