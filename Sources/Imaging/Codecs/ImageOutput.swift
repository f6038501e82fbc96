import Files

/// Where the bytes of an image file go.
public protocol ImageOutput: AnyObject {
  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError)
}

/// An image file in memory.
public final class MemoryOutput: ImageOutput {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func append(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

/// An image file that appears under its name only once it is whole; nothing stays of it without `commit`.
final class FileOutput: ImageOutput {
  private var file: AtomicFile?

  init(path: String) throws(ImageError) {
    do {
      file = try AtomicFile(path: path)
    } catch {
      throw .file(error)
    }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try file?.append(bytes) }

  func commit(isReplacing: Bool) throws(ImageError) {
    do {
      try file.take()?.commit(isReplacing: isReplacing)
    } catch {
      throw .file(error)
    }
  }
}
