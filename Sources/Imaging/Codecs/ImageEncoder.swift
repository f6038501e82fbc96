import CImageCodecs
import Files

/// A destination of the bytes of an image file.
public protocol ImageOutput: AnyObject {
  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError)
}

/// An image file in memory.
public final class MemoryOutput: ImageOutput {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func append(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

/// An image file that appears under its name only when `commit` is called; otherwise it is removed.
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

/// An image that can be written as a file.
public protocol WritableImage {
  /// Writes an image file. Errors call it `name`.
  /// - Parameters:
  ///   - format: One of `ImageFormat.writable`.
  ///   - quality: Of lossy formats, as `ImageFormat.defaultQuality`.
  ///   - compression: Of lossless formats.
  func write(
    to output: any ImageOutput, as format: ImageFormat, quality: Int, compression: Compression, name: String
  ) throws(ImageError)
}

extension WritableImage {
  /// Writes an image file, which appears under its name only when it is complete.
  /// - Parameters:
  ///   - format: One of `ImageFormat.writable`.
  ///   - isReplacing: Whether an existing file is replaced; if not, it is an error, also where it appears while this
  ///     one is written.
  public func write(
    to path: String, as format: ImageFormat, quality: Int = ImageFormat.defaultQuality,
    compression: Compression = Compression(), isReplacing: Bool = true
  ) throws(ImageError) {
    let output = try FileOutput(path: path)
    try write(to: output, as: format, quality: quality, compression: compression, name: path)
    // This waits for the disk.
    try Parallel.leavingCore { () throws(ImageError) in try output.commit(isReplacing: isReplacing) }
  }
}

/// A C library that encodes a file row by row.
struct LibraryEncoder: Sendable {
  typealias Message = UnsafeMutablePointer<CChar>

  /// Endings of the names of files that it writes, in lowercase letters; the first is the usual one.
  let fileExtensions: [String]
  /// Largest width and height, in pixels.
  let largestSide: Int
  /// Largest ICC profile, in bytes.
  let largestProfile: Int
  /// Largest parts of the metadata, in bytes; a part that is not named is not written.
  var metadataLimits: [PictureMetadata.Part: Int] = [:]
  /// Whether a file can have alpha.
  let holdsAlpha: Bool
  /// The most bytes of a sample: 1 or 2.
  let largestSample: Int
  /// Whether files have a quality.
  let isLossy: Bool
  /// Returns bytes of memory, beside the rows at hand, that writing takes at most for a pixel of so many bytes, given
  /// the quality: by default for all rows and their compressed form.
  var pixelMemory: @Sendable (_ pixelByteCount: Int, _ quality: Int) -> Int = { size, _ in 2 * size }
  /// Returns EXIF data as the library takes them.
  var exif: @Sendable ([UInt8]) -> [UInt8] = { $0 }
  /// Begins a file, given its description, the quality of lossy formats, the compression of lossless ones, and where
  /// its bytes go.
  let create:
    @Sendable (
      UnsafePointer<recolor_image_info>?, Int32, Compression, recolor_sink?, UnsafeMutableRawPointer?, Message?
    ) -> OpaquePointer?
  let write: @Sendable (OpaquePointer?, UnsafePointer<UInt8>?, UInt32, Message?) -> Bool
  let finish: @Sendable (OpaquePointer?, Message?) -> Bool
  let abandon: @Sendable (OpaquePointer?) -> Void
}

/// An encoder of an image file, which is written row by row.
final class ImageEncoder {
  /// The format of the rows.
  struct Layout {
    let width: Int
    let height: Int
    var hasAlpha = false
    /// 1, or 2 in the native byte order.
    var bytesPerSample = 1
    /// An ICC profile; empty for sRGB.
    var profile: [UInt8] = []
    /// Parts beyond the format's limits are left out.
    var metadata = PictureMetadata()

    var rowByteCount: Int { width * (hasAlpha ? 4 : 3) * bytesPerSample }
  }

  private let library: LibraryEncoder
  private let writer: OpaquePointer
  private let target: Target
  private let format: ImageFormat
  private let name: String
  private var message = [CChar](repeating: 0, count: Int(RECOLOR_MESSAGE_SIZE))

  /// Begins a file of RGB rows, with alpha where the layout has it. Errors call it `name`.
  /// - Parameters:
  ///   - quality: Of lossy formats, as `ImageFormat.defaultQuality`.
  ///   - compression: Of lossless formats.
  init(
    _ format: ImageFormat, quality: Int = ImageFormat.defaultQuality, compression: Compression = Compression(),
    _ layout: Layout, output: any ImageOutput, name: String
  ) throws(ImageError) {
    self.format = format
    self.name = name
    target = Target(output)
    guard let library = format.codec.encoder else {
      throw .notEncoded(path: name, format: format.name, reason: "the format is only read")
    }
    self.library = library
    let side = library.largestSide
    guard layout.width <= side, layout.height <= side else {
      throw .notEncoded(path: name, format: format.name, reason: "it can have at most \(side) pixels a side")
    }
    let context = Unmanaged.passUnretained(target).toOpaque()
    let profile = layout.profile
    var message = message
    var metadata = layout.metadata.held(within: library.metadataLimits).metadata
    metadata.exif = library.exif(metadata.exif)
    let opened = profile.withUnsafeBufferPointer { profile in
      metadata.withDescription { info in
        info.width = UInt32(layout.width)
        info.height = UInt32(layout.height)
        info.color = recolor_color_rgb
        info.has_alpha = layout.hasAlpha
        info.bytes_per_sample = UInt8(layout.bytesPerSample)
        info.profile = profile.isEmpty ? nil : profile.baseAddress
        info.profile_size = profile.count
        return library.create(&info, Int32(quality), compression, Target.sink, context, &message)
      }
    }
    guard let opened else { throw Self.failure(message, target, format, name) }
    writer = opened
  }

  deinit { library.abandon(writer) }

  /// Writes the next `count` rows.
  func write(_ rows: UnsafeRawBufferPointer, count: Int) throws(ImageError) {
    let pixels = rows.bindMemory(to: UInt8.self).baseAddress
    guard library.write(writer, pixels, UInt32(count), &message) else {
      throw Self.failure(message, target, format, name)
    }
  }

  /// Ends the file once all its rows are written.
  func finish() throws(ImageError) {
    guard library.finish(writer, &message) else { throw Self.failure(message, target, format, name) }
  }

  /// Returns whether a file of the format can hold an ICC profile: its size may be limited, and libpng is stricter
  /// about its contents than Little CMS.
  static func canHold(_ profile: [UInt8], _ format: ImageFormat) -> Bool {
    guard let library = format.codec.encoder, profile.count <= library.largestProfile else { return false }
    let layout = Layout(width: 1, height: 1, profile: profile)
    return (try? ImageEncoder(format, layout, output: MemoryOutput(), name: "")) != nil
  }

  private static func failure(
    _ message: [CChar], _ target: Target, _ format: ImageFormat, _ name: String
  ) -> ImageError {
    if let error = target.error { return .file(error) }
    let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return .notEncoded(path: name, format: format.name, reason: String(decoding: reason, as: UTF8.self))
  }

  /// The context of the C libraries' output function.
  private final class Target {
    let output: any ImageOutput
    /// The error of the output.
    var error: FileError?

    init(_ output: any ImageOutput) { self.output = output }

    static let sink: recolor_sink = { context, bytes, count in
      guard let context else { return false }
      let target = Unmanaged<Target>.fromOpaque(context).takeUnretainedValue()
      do throws(FileError) {
        try target.output.append(UnsafeRawBufferPointer(start: bytes, count: count))
        return true
      } catch {
        target.error = error
        return false
      }
    }
  }
}
