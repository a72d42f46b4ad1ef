import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export interface CuttingProxy {
  readonly port: number;
  /** Breaks every connection; new ones are let through, unless it is closed. */
  readonly cut: () => void;
  /** Whether new connections are refused. */
  isClosed: boolean;
  /** Whether what the server says is kept back, on connections that stay open. */
  isMute: boolean;
  readonly stop: () => Promise<void>;
}

/** Starts one on loopback. It passes bytes on and knows nothing of them, so that TLS goes through. */
export async function cuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (proxy.isClosed) {
      near.destroy();
      return;
    }
    const far = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk: Buffer) => {
        if (from === near || !proxy.isMute) to.write(chunk);
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: CuttingProxy = {
    port: (server.address() as AddressInfo).port,
    cut,
    isClosed: false,
    isMute: false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
      }),
  };
  return proxy;
}
