// SPDX-License-Identifier: Apache-2.0
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';

conformanceOf(() => wireOver(memoryDriver()));
