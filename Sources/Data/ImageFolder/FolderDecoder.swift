import Dispatch
import Files
import Glibc
import Imaging
import Synchronization

/// Decodes a folder's images on all cores and hands them over in their order.
struct FolderDecoder {
  let folder: String
  /// Paths below `folder`.
  let names: [String]
  let width: Int
  let height: Int

  /// Changes whenever the same files give other bytes: with what a decoder makes of a file, the cut or the resizing.
  static let method = 1

  /// Largest file that is read, in bytes.
  private static let largestFile = 1 << 30

  /// Pixels of a picture of which every core may hold one.
  private static let largePixelCount = 1 << 25

  /// Bytes of images that are held at a time, unless a single one has more.
  private static let largestChunk = 256 << 20

  private static let largeImage = Mutex<Void>(())

  var imageByteCount: Int { 3 * width * height }

  func path(_ index: Int) -> String { "\(folder)/\(names[index])" }

  /// What became of a file.
  private enum Outcome {
    case image(RGBImage)
    case failure(String)
    case changed
  }

  /// Decodes all images, some at a time, so that no more than these are held.
  /// - Parameters:
  ///   - contents: what the files must hold, in their order; nil where it does not matter.
  ///   - body: gets the bytes of one or more images, those after the ones before.
  /// - Returns: the files that could not be decoded.
  /// - Throws: what `body` throws; `DataError.changedFile` where a file holds something else.
  func decode(
    contents: [FileContents]? = nil, progress: (ImageFolder.Progress) -> Void,
    _ body: (UnsafeRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) -> [DecodedImages.Failure] {
    // Enough that no core waits long for the last of them.
    let enough = max(64, 16 * Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    let chunk = max(1, min(enough, Self.largestChunk / imageByteCount))
    var failures: [DecodedImages.Failure] = []
    var joined: [UInt8] = []
    for first in stride(from: 0, to: names.count, by: chunk) {
      progress(.decoding(done: first, total: names.count))
      let outcomes = Parallel.map(first..<min(first + chunk, names.count)) { index in
        outcome(index, contents?[index])
      }
      joined.removeAll(keepingCapacity: true)
      for (index, outcome) in zip(first..., outcomes) {
        switch outcome {
        case .image(let image): joined += image.bytes
        case .failure(let reason): failures.append(.init(index: index, reason: reason))
        case .changed: throw .changedFile(path: path(index))
        }
      }
      try joined.withUnsafeBufferPointer { (bytes) throws(DataError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
    return failures
  }

  /// Why files that could not be decoded cannot be decoded now; nil where one of them can.
  func reasons(for failures: [DecodedImages.Failure]) -> [DecodedImages.Failure]? {
    var found: [DecodedImages.Failure] = []
    for failure in failures {
      guard names.indices.contains(failure.index), case .failure(let reason) = outcome(failure.index, nil) else {
        return nil
      }
      found.append(.init(index: failure.index, reason: reason))
    }
    return found
  }

  private func outcome(_ index: Int, _ contents: FileContents?) -> Outcome {
    if case .unreadable(let reason)? = contents { return .failure(reason) }
    let path = path(index)
    let bytes: [UInt8]
    do {
      let byteCount = try FileDescriptor(readingOrdinaryFile: path).byteCount()
      guard byteCount <= Self.largestFile else {
        return .failure("\(path): cannot be read: it is larger than \(Self.largestFile) bytes")
      }
      bytes = try readFile(path)
    } catch {
      return contents == nil ? .failure(error.description) : .changed
    }
    if let contents, SHA256.hexadecimal(of: bytes).map(FileContents.digest) != contents { return .changed }
    do {
      return .image(try image(bytes, name: path))
    } catch {
      return .failure(error.description)
    }
  }

  /// Decodes, cuts and resizes. However many cores there are, only one of them holds a very large picture.
  private func image(_ bytes: [UInt8], name: String) throws(ImageError) -> RGBImage {
    do throws(ImageError) {
      return try Photograph(encoded: bytes, name: name, pixelLimit: Self.largePixelCount).rgbImage
        .filled(width: width, height: height)
    } catch {
      guard case .tooLarge = error else { throw error }
    }
    return try Self.largeImage.withLock { (_) throws(ImageError) in
      try Photograph(encoded: bytes, name: name).rgbImage.filled(width: width, height: height)
    }
  }

  /// All images in memory.
  /// - Throws: `DataError.imageSize` where they take more than `ImageDataset.byteLimit`.
  func decodeIntoMemory(progress: (ImageFolder.Progress) -> Void) throws(DataError) -> DecodedImages {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(try ImageDataset.byteCount(width: width, height: height, count: names.count))
    let digest = try SHA256()
    let failures = try decode(progress: progress) { (images) throws(DataError) in
      try digest.update(images)
      bytes.append(contentsOf: images)
    }
    return DecodedImages(
      bytes: ImageBytes(bytes), sha256: try digest.finish(), failures: failures, isFromCache: false)
  }
}
