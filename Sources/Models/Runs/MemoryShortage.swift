import Runtime

/// A device without room for a training step: what it would have taken, and what fits.
public struct MemoryShortage: Error, Equatable {
  /// The device, with its name.
  public let device: String
  public let model: String
  public let batchSize: Int
  /// What training in batches of `batchSize` takes in all.
  public let byteCount: Int
  /// The largest power of two below `batchSize` that fits, and what it takes in all; nil where none does.
  public let fitting: (batchSize: Int, byteCount: Int)?
  /// The smallest size of batches that can be trained with, and what it takes in all.
  public let smallest: (batchSize: Int, byteCount: Int)
  /// What the photographs take of `byteCount`.
  public let imageByteCount: Int

  public static func == (a: MemoryShortage, b: MemoryShortage) -> Bool { a.description == b.description }
}

extension MemoryShortage: CustomStringConvertible {
  public var description: String {
    "\(device): no room for \(model) with --batch-size \(batchSize), which takes \(Self.mebibytes(byteCount)); "
      + (fitting.map { "--batch-size \($0.batchSize) fits, with \(Self.mebibytes($0.byteCount))" }
        ?? "not even --batch-size \(smallest.batchSize) fits, with \(Self.mebibytes(smallest.byteCount)); use a smaller "
        + "--width or --size")
      + (imageByteCount > byteCount - imageByteCount
        ? "; \(Self.mebibytes(imageByteCount)) of it are photographs: --device-images leaves fewer of them on the device"
        : "")
  }

  private static func mebibytes(_ byteCount: Int) -> String { "\((byteCount + (1 << 20) - 1) >> 20) MiB" }
}
