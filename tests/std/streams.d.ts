// The types of `@std/streams`, as far as version 1 and its copy on npm agree.

type Bytes = Uint8Array<ArrayBuffer>;

export declare class Buffer {
  constructor(ab?: ArrayBufferLike | ArrayLike<number>);
  get readable(): ReadableStream<Bytes>;
  get writable(): WritableStream<Uint8Array>;
  get length(): number;
  get capacity(): number;
  bytes(options?: { copy: boolean }): Bytes;
  empty(): boolean;
  grow(n: number): void;
  reset(): void;
  truncate(n: number): void;
}

export declare class ByteSliceStream
  extends TransformStream<Uint8Array, Uint8Array> {
  constructor(start?: number, end?: number);
}

export type DelimiterDisposition = "suffix" | "prefix" | "discard";
export interface DelimiterStreamOptions {
  disposition?: DelimiterDisposition;
}
export declare class DelimiterStream
  extends TransformStream<Uint8Array, Uint8Array> {
  constructor(delimiter: Uint8Array, options?: DelimiterStreamOptions);
}
export declare class TextDelimiterStream
  extends TransformStream<string, string> {
  constructor(delimiter: string, options?: DelimiterStreamOptions);
}

export interface TextLineStreamOptions {
  allowCR?: boolean;
}
export declare class TextLineStream extends TransformStream<string, string> {
  constructor(options?: TextLineStreamOptions);
}

export interface LimitedBytesTransformStreamOptions {
  error?: boolean;
}
export declare class LimitedBytesTransformStream
  extends TransformStream<Uint8Array, Uint8Array> {
  constructor(size: number, options?: LimitedBytesTransformStreamOptions);
}

export interface LimitedTransformStreamOptions {
  error?: boolean;
}
export declare class LimitedTransformStream<T> extends TransformStream<T, T> {
  constructor(size: number, options?: LimitedTransformStreamOptions);
}

export declare function concatReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;
export declare function earlyZipReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;
export declare function mergeReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;
export declare function zipReadableStreams<T>(
  ...streams: ReadableStream<T>[]
): ReadableStream<T>;

export declare function toArrayBuffer(
  readableStream: ReadableStream<Uint8Array>,
): Promise<ArrayBuffer>;
export declare function toBlob(stream: ReadableStream<Bytes>): Promise<Blob>;
export declare function toJson(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<unknown>;
export declare function toText(
  stream: ReadableStream<string> | ReadableStream<Uint8Array>,
): Promise<string>;
export declare function toTransformStream<I, O>(
  transformer: (src: ReadableStream<I>) => Iterable<O> | AsyncIterable<O>,
  writableStrategy?: QueuingStrategy<I>,
  readableStrategy?: QueuingStrategy<O>,
): TransformStream<I, O>;
