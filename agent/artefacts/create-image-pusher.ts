import type { Logger } from '#shared/runtime/index.ts';
import { pushImage } from './push-image.ts';
import type { ImageRegistry } from './registry-client.ts';

export interface ImagePusherDependencies {
  /** Files of the controller, by digest. */
  artefacts: { fetch(digest: string, signal?: AbortSignal): Promise<string> };
  log: Logger;
}

/**
 * Brings the images that travel with a workload into the site's registry. What is there costs one request, and is not remembered: a
 * registry may lose what it had.
 * @throws SkerryError Unavailable (not here yet, and no link), PlatformUnavailable, PlatformAuth, PlatformRefused
 */
export function createImagePusher({ artefacts, log }: ImagePusherDependencies) {
  return async (
    images: readonly { reference: string; digest: string }[],
    registry: ImageRegistry,
    signal?: AbortSignal,
  ): Promise<void> => {
    for (const { reference, digest } of images) {
      const archivePath = await artefacts.fetch(digest, signal);
      const result = await pushImage({ archivePath, reference, registry, ...(signal === undefined ? {} : { signal }) });
      log.info({ reference, ...result }, 'an image is in the registry of the site');
    }
  };
}
