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

    var rowByteCount: Int { width * (hasAlpha ? 4 : 3) * bytesPerSample }
  }

  private enum Writer {
    case png(OpaquePointer)
    case jpeg(OpaquePointer)
  }

  private let writer: Writer
  private let target: Target
  private let format: PictureFormat
  private let name: String
  private var message = [CChar](repeating: 0, count: Int(RECOLOR_MESSAGE_SIZE))

  /// Begins a file of RGB rows, with alpha where the layout has it. Errors call it `name`.
  init(_ format: PictureFormat, _ layout: Layout, output: any ImageOutput, name: String) throws(ImageError) {
    self.format = format
    self.name = name
    target = Target(output)
    let side = format.largestSide
    guard layout.width <= side, layout.height <= side else {
      throw .notEncoded(path: name, format: format.name, reason: "it can have at most \(side) pixels a side")
    }
    let context = Unmanaged.passUnretained(target).toOpaque()
    let profile = layout.profile
    var message = message
    let opened: Writer? = profile.withUnsafeBufferPointer { profile in
      var info = recolor_image_info()
      info.width = UInt32(layout.width)
      info.height = UInt32(layout.height)
      info.color = recolor_color_rgb
      info.has_alpha = layout.hasAlpha
      info.bytes_per_sample = UInt8(layout.bytesPerSample)
      info.profile = profile.isEmpty ? nil : profile.baseAddress
      info.profile_size = profile.count
      return switch format {
      case .png: recolor_png_create(&info, Target.sink, context, &message).map(Writer.png)
      case .jpeg(let quality):
        recolor_jpeg_create(&info, Int32(quality), Target.sink, context, &message).map(Writer.jpeg)
      }
    }
    guard let opened else { throw Self.failure(message, target, format, name) }
    writer = opened
  }

  deinit {
    switch writer {
    case .png(let writer): recolor_png_abandon(writer)
    case .jpeg(let writer): recolor_jpeg_abandon(writer)
    }
  }

  /// Writes the next `count` rows.
  func write(_ rows: UnsafeRawBufferPointer, count: Int) throws(ImageError) {
    let pixels = rows.bindMemory(to: UInt8.self).baseAddress
    let isWritten =
      switch writer {
      case .png(let writer): recolor_png_write(writer, pixels, UInt32(count), &message)
      case .jpeg(let writer): recolor_jpeg_write(writer, pixels, UInt32(count), &message)
      }
    guard isWritten else { throw Self.failure(message, target, format, name) }
  }

  /// Ends the file once all its rows are written.
  func finish() throws(ImageError) {
    let isWritten =
      switch writer {
      case .png(let writer): recolor_png_finish(writer, &message)
      case .jpeg(let writer): recolor_jpeg_finish(writer, &message)
      }
    guard isWritten else { throw Self.failure(message, target, format, name) }
  }

  /// Returns whether a file of the format can hold an ICC profile: libpng is stricter than Little CMS, and the size of a profile
  /// in a JPEG file is limited.
  static func canHold(_ profile: [UInt8], _ format: PictureFormat) -> Bool {
    switch format {
    case .png:
      (try? ImageEncoder(.png, Layout(width: 1, height: 1, profile: profile), output: MemoryOutput(), name: "")) != nil
    // At most 255 segments of 65,519 bytes.
    case .jpeg: profile.count <= 255 * 65_519
    }
  }

  private static func failure(
    _ message: [CChar], _ target: Target, _ format: PictureFormat, _ name: String
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
