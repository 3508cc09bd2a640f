import { type FileHandle, open } from 'node:fs/promises';
import { FileFormatError } from '../errors/file-format-error.ts';

/** A file open for reading at any offset. Every failure names the file. */
export class RandomAccessFile implements AsyncDisposable {
  readonly path: string;
  /** Bytes at the time of opening. */
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** @throws FileFormatError when there is no such file, it is a folder, or it may not be read. */
  static async open(path: string): Promise<RandomAccessFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const stat = await handle.stat();
      if (!stat.isFile()) {
        throw new FileFormatError({
          path,
          message: `${path} is not a file.`,
          hint: 'Give the path of the file itself.',
        });
      }
      return new RandomAccessFile(path, stat.size, handle);
    } catch (cause) {
      await handle?.close();
      if (FileFormatError.isInstance(cause)) throw cause;
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') {
        throw new FileFormatError({
          path,
          message: `There is no file ${path}.`,
          hint: 'Check the path, or fetch the model again.',
          cause,
        });
      }
      throw new FileFormatError({
        path,
        message: `${path} could not be opened (${code ?? cause}).`,
        hint: 'Check that you may read it.',
        cause,
      });
    }
  }

  /**
   * `length` bytes from `offset`, in a new buffer, so that typed arrays can view it.
   * @throws FileFormatError when the file ends before that, or the disk fails.
   */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      // One read takes at most 2 GiB on every system.
      const count = Math.min(length - done, 1 << 30);
      let bytesRead: number;
      try {
        ({ bytesRead } = await this.#handle.read(bytes, done, count, offset + done));
      } catch (cause) {
        throw new FileFormatError({
          path: this.path,
          message: `${this.path} could not be read at byte ${offset + done} (${(cause as NodeJS.ErrnoException).code ?? cause}).`,
          hint: 'The disk may be failing; copy or fetch the file again.',
          cause,
        });
      }
      if (bytesRead === 0) {
        throw new FileFormatError({
          path: this.path,
          message: `${this.path} ended at byte ${offset + done} while ${offset + length} were expected.`,
          hint: 'It was cut short after it was opened; fetch or write it again.',
        });
      }
      done += bytesRead;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
