// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../core/oci/registry-error.ts';
import type { Handler } from '../protocol/http.ts';

/** Gives what is to be printed as JSON: an `Explanation`, perhaps of another process. */
export type Explain = (target: string, address: string) => Promise<unknown>;

/** `GET /explain?path=…&address=…` for operators: why a pull goes where it goes, with what is known by now. */
export function explainHandler(explain: Explain): Handler {
  return async (request) => {
    const mark = request.target.indexOf('?');
    const path = mark === -1 ? request.target : request.target.slice(0, mark);
    if (path !== '/explain') {
      throw new RegistryError('UNSUPPORTED', 'no such page', { status: 404 });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new RegistryError('UNSUPPORTED', 'only GET', { headers: ['Allow', 'GET, HEAD'] });
    }
    const query = new URLSearchParams(mark === -1 ? '' : request.target.slice(mark));
    const [target, address] = [query.get('path'), query.get('address')];
    if (target === null || address === null) {
      throw new RegistryError('UNSUPPORTED', 'expected /explain?path=/v2/…&address=…', {
        status: 400,
      });
    }
    return {
      status: 200,
      headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
      body: `${JSON.stringify(await explain(target, address), undefined, 2)}\n`,
    };
  };
}
