// SPDX-License-Identifier: Apache-2.0
import type { Client } from '../core/routing/client-routes.ts';
import type { Redirect } from '../core/routing/route-plan.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import { type RouteMarks, timingOf } from './route-marks.ts';

/** Turns a redirect into its answer, and counts it; `waited` are the milliseconds that asking took. */
export type AnswerRedirect = (redirect: Redirect, client: Client, waited?: number) => HttpAnswer;

/** @param showsRoute whether `X-Archeion-Route` and `Server-Timing` say who serves a request, and why */
export function redirectAnswers(markOf: RouteMarks, showsRoute: boolean): AnswerRedirect {
  return (redirect, client, waited) => {
    const mark = markOf(redirect, client);
    const { facts } = mark;
    if (!showsRoute) return { status: 307, headers: ['Location', redirect.to], facts };
    const took = timingOf(mark, waited);
    const headers = [
      'Location',
      redirect.to,
      'X-Archeion-Route',
      mark.route,
      'Server-Timing',
      took,
    ];
    return { status: 307, headers, facts };
  };
}
