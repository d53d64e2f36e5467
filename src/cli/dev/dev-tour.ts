// SPDX-License-Identifier: Apache-2.0
import { PROGRAM } from '../package-files.ts';
import type { DevPorts } from './dev-config.ts';

export interface TourFacts {
  readonly ports: DevPorts;
  readonly folder: string;
  readonly configFile: string;
  /** The sample as it is pulled: `sample`, `v1`, and one of its layers. */
  readonly repository: string;
  readonly tag: string;
  readonly layer: string;
}

/** What `archeion dev` prints when it is ready: every line can be copied into a shell as it is. */
export function tour(facts: TourFacts): string {
  const { ports, folder, configFile, repository, tag, layer } = facts;
  const front = `127.0.0.1:${ports.front}`;
  const blob = `http://${front}/v2/${repository}/blobs/${layer}`;
  return `
archeion dev is ready (stop it with Ctrl-C; its data is in ${folder}, its configuration in ${configFile})

  front     http://${front}   pull from here
  admin     http://127.0.0.1:${ports.admin}   /livez /readyz /metrics /explain
  registry  http://127.0.0.1:${ports.registry}   push here; the upstream: manifests, and every blob
  backends  http://127.0.0.1:${ports.dublin}   dublin, near aws/eu-west-1 (192.0.2.0/24)
            http://127.0.0.1:${ports.iowa}   iowa, near gcp/us-central1 (198.51.100.0/24)

Try:

  # a client in AWS Ireland is sent to dublin for a layer
  curl -sI -H 'X-Forwarded-For: 192.0.2.7' ${blob} | grep -i location

  # the same layer for a client in Google Iowa
  curl -sI -H 'X-Forwarded-For: 198.51.100.7' ${blob} | grep -i location

  # nobody knows where you are: the registry itself
  curl -sI ${blob} | grep -i location

  # the tags, under the front's own name
  curl -s http://${front}/v2/${repository}/tags/list

  # the whole image, all platforms, with a real client
  skopeo copy --all --src-tls-verify=false docker://${front}/${repository}:${tag} oci:./${repository}:${tag}

  # why a pull goes where it goes
  ${PROGRAM} explain /v2/${repository}/blobs/${layer} --client-address 192.0.2.7 --config ${configFile}

  # an image of your own: pushed to the registry, pulled through the front
  skopeo copy --all --dest-tls-verify=false oci:./${repository}:${tag} docker://127.0.0.1:${ports.registry}/mine:${tag}
  skopeo copy --all --src-tls-verify=false docker://${front}/mine:${tag} oci:./mine:${tag}

  # or brought from another registry
  ${PROGRAM} registry import docker://registry.example.org/NAME:TAG NAME:TAG --directory ${folder}/registry

`;
}
