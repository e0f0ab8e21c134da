import { connect, type Socket, type TcpNetConnectOpts } from "node:net";

/** Bytes as a peer sends them, for one taker. */
export interface ByteSource {
  /**
   * What has come meanwhile, or what comes next; undefined when the peer has ended.
   * @throws the socket's error, once what came before it is taken
   */
  next(): Promise<readonly Buffer[] | undefined>;
}

/** As much as the kernel has at hand is read in one go. */
const readBytes = 256 * 1024;
/** What fills so much of the memory for a read is handed out as it is. */
const largeBytes = 64 * 1024;
/** When so much waits here, the peer has to wait, too. */
const readAheadBytesMax = 1024 * 1024;

/** Reads any socket, such as one with TLS, when it is asked to. */
export function streamSource(socket: Socket): ByteSource {
  let chunks: AsyncIterator<Buffer> | undefined;
  return {
    async next() {
      chunks ??= socket.iterator({ destroyOnReturn: false });
      const { done, value } = await chunks.next();
      return done ? undefined : [value];
    },
  };
}

/**
 * Connects, and reads past Node's streams, in large pieces: 17 MB take a new process about half as long to read. The caller listens
 * to the socket's errors.
 */
export function connectDirectly(target: TcpNetConnectOpts): { readonly socket: Socket; readonly source: ByteSource } {
  let chunks: Buffer[] = [];
  let waitingBytes = 0;
  let failure: { readonly error: unknown } | undefined;
  let hasEnded = false;
  let news = Promise.withResolvers<void>();
  let memory = Buffer.allocUnsafeSlow(readBytes);
  const socket = connect({
    ...target,
    onread: {
      buffer: () => memory,
      callback(length) {
        const read = memory.subarray(0, length);
        if (length < largeBytes) {
          chunks.push(Buffer.from(read));
        } else {
          chunks.push(read);
          memory = Buffer.allocUnsafeSlow(readBytes);
        }
        waitingBytes += length;
        news.resolve();
        return waitingBytes < readAheadBytesMax;
      },
    },
  });
  const end = (): void => {
    hasEnded = true;
    news.resolve();
  };
  socket.on("end", end);
  socket.on("close", end);
  socket.on("error", (error) => {
    failure = { error };
    news.resolve();
  });
  return {
    socket,
    source: {
      async next() {
        while (chunks.length === 0) {
          if (failure !== undefined) throw failure.error;
          if (hasEnded) return undefined;
          news = Promise.withResolvers();
          await news.promise;
        }
        const taken = chunks;
        chunks = [];
        waitingBytes = 0;
        // Where reading was stopped, it goes on.
        socket.resume();
        return taken;
      },
    },
  };
}
