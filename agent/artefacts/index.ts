export { createImagePusher, type ImagePusherDependencies } from './create-image-pusher.ts';
export { type PushedImage, type PushImageOptions, pushImage } from './push-image.ts';
export type { ImageRegistry } from './registry-client.ts';
