import CImageCodecs

/// How much time formats without loss take for smaller files. The pixels are the same at every level.
public struct Compression: Sendable, Equatable {
  /// The levels, from the fastest to the smallest files.
  public static let levels = 1...9

  /// The level unless another is given.
  public static let standardLevel = 2

  /// One of `levels`.
  public var level: Int

  /// Most bytes of memory that a picture may take to be compressed as a whole. Larger ones are compressed row by row,
  /// which takes more time.
  public var memoryLimit: Int

  public init(level: Int = standardLevel, memoryLimit: Int = 512 << 20) {
    precondition(Self.levels.contains(level), "there is no such level of compression")
    self.level = level
    self.memoryLimit = memoryLimit
  }
}

extension recolor_png_compression {
  init(_ compression: Compression) {
    self.init(level: Int32(compression.level), memory_limit: compression.memoryLimit)
  }
}
