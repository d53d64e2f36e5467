// SPDX-License-Identifier: Apache-2.0
import type { Action } from '../core/access/action.ts';
import type { RegistryError } from '../core/oci/registry-error.ts';
import type { HttpRequest } from '../protocol/http.ts';

// Defined in core, where the rules are; this is where the rest of the registry knows it from.
export type { Action };

/** Who asks, and what for. */
export interface Grant {
  /** Undefined for somebody who did not say. */
  readonly name: string | undefined;
  may(action: Action, repository: string): boolean;
  /** What a list of all repositories shows; undefined for whoever has to say first who they are, or to get a token for it. */
  readonly sees: ((repository: string) => boolean) | undefined;
}

export interface Wanted {
  readonly repository: string;
  readonly actions: readonly Action[];
}

/** Places in the list of all repositories, for those who may not know what is there. */
export interface HiddenPlaces {
  placeOf(name: string): string;
  /** Any text that is none of these places stands for itself; undefined for a place that we did not make. */
  nameOf(place: string): string | undefined;
}

/** Who may do what in a registry. */
export interface Access {
  /** @throws RegistryError `UNAUTHORIZED` with a challenge, when what the request says of itself is wrong */
  grantOf(request: HttpRequest): Promise<Grant>;
  /** 401 with a challenge for somebody who did not say who they are, else 403. */
  refusal(grant: Grant, wanted: Wanted | 'catalog' | undefined): RegistryError;
  /** Whether `/v2/` asks who it is: clients that push learn there how to log in. */
  readonly asksLogin: boolean;
  readonly places: HiddenPlaces;
}
