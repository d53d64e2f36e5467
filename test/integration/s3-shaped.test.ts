// SPDX-License-Identifier: Apache-2.0

import { s3Shaped } from '../support/s3-shaped.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';

storageDriverContract(async () => s3Shaped(), { hashesVersions: true });
