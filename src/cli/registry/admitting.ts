// SPDX-License-Identifier: Apache-2.0
import {
  type ClientAddressPolicy,
  clientAddress,
  headerOfPolicy,
} from '../../core/net/client-address.ts';
import type { Handler } from '../../protocol/http.ts';
import type { Admit } from '../../redirector/admission.ts';

/** A handler that only answers clients who do not ask too often; without a limit, the handler itself. */
export function admitting(
  handler: Handler,
  policy: ClientAddressPolicy,
  admit: Admit | undefined,
): Handler {
  if (admit === undefined) return handler;
  const header = headerOfPolicy(policy);
  return (request) => {
    const text = header === undefined ? undefined : request.header(header);
    admit({ address: clientAddress(policy, request.peer, text) });
    return handler(request);
  };
}
