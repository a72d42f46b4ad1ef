import type { RequestOptions } from 'node:https';

import { ProviderError } from '../contract/provider-error.ts';

/** What is used of a `KubeConfig` of `@kubernetes/client-node`. */
export interface KubeConfigLike {
  readonly getCurrentCluster: () => { readonly server: string; readonly proxyUrl?: string | undefined } | null;
  /** Adds who we are and whom we trust; runs the command or reads the token file that the configuration names. */
  readonly applyToHTTPSOptions: (options: RequestOptions) => Promise<void>;
}

interface ClientNode {
  readonly KubeConfig: new () => KubeConfigLike & {
    readonly loadFromDefault: () => void;
    readonly loadFromFile: (path: string) => void;
    readonly getContexts: () => readonly { readonly name: string }[];
    readonly setCurrentContext: (name: string) => void;
  };
}

/**
 * Reads a configuration as `kubectl` does: the file given, else those of `KUBECONFIG`, else `~/.kube/config`, else the service
 * account of the pod.
 *
 * @throws ProviderError when the package is not installed, the file cannot be read or names no such context.
 */
export async function loadKubeConfig(
  provider: string,
  path: string | undefined,
  context: string | undefined,
): Promise<KubeConfigLike> {
  const fail = (text: string, cause?: unknown, hint?: string): ProviderError =>
    new ProviderError(provider, 'invalid-request', text, {
      isAmbiguous: false,
      cause,
      ...(hint !== undefined && { hint }),
    });
  let module: ClientNode;
  try {
    module = await import('@kubernetes/client-node');
  } catch (cause) {
    const hint = 'npm install @kubernetes/client-node (on Node.js 20: @kubernetes/client-node@1)';
    throw fail(
      "the package '@kubernetes/client-node' is not installed, or not for this version of Node.js",
      cause,
      hint,
    );
  }
  const config = new module.KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (cause) {
    throw fail(`the kubeconfig ${path === undefined ? '' : `'${path}' `}cannot be read`, cause);
  }
  if (context !== undefined) {
    if (!config.getContexts().some(({ name }) => name === context)) throw fail(`there is no context '${context}'`);
    config.setCurrentContext(context);
  }
  return config;
}
