import Files
import Glibc
import Imaging
import Synchronization

/// A decoder of a folder's images, which works on all cores and delivers them in their order.
struct FolderDecoder {
  let folder: String
  /// Paths relative to `folder`.
  let names: [String]
  let width: Int
  let height: Int
  /// The parts of each photograph that become images.
  let crop: Crop
  /// Whether gray and toned images are decoded, too.
  let toned: TonedImages

  /// Version of the decoding, cropping and resizing: changes whenever the same files give other bytes.
  static let method = 1

  /// Largest file that is read, in bytes.
  private static let largestFile = 1 << 30

  /// Largest number of pixels of images that several cores may decode at once.
  private static let largePixelCount = 1 << 25

  /// Largest number of bytes of decoded images held at a time, unless a single one has more.
  private static let largestChunk = 256 << 20

  /// Held while an image of more than `largePixelCount` pixels is decoded.
  private static let largeImage = Mutex<Void>(())

  var imageByteCount: Int { 3 * width * height }

  /// The least number of bytes of the images of all files, if none is left out.
  var leastByteCount: Int { imageByteCount * crop.leastCount * names.count }

  func path(_ index: Int) -> String { "\(folder)/\(names[index])" }

  /// The result of decoding a file.
  private enum Outcome {
    /// The parts of a photograph.
    case images([RGBImage])
    case failure(String)
    /// The image is gray or toned, and is to be left out.
    case toned
    /// The file's contents are not the expected ones.
    case changed
    /// The system ran out of something, so that the file may be whole.
    case shortage(FileError)
  }

  /// Decodes the images in chunks.
  /// - Parameters:
  ///   - contents: The expected contents of the files; nil where any are accepted.
  ///   - body: Called with the bytes of the images of each chunk, in order.
  /// - Returns: The files that are left out, and the numbers of images of the others.
  /// - Throws: The error of `body`; `DataError.changedFile` where a file has other contents than expected;
  ///   `DataError.file` where the system has no more file descriptors or memory.
  func decode(
    contents: [FileContents]? = nil, progress: (ImageFolder.Progress) -> Void,
    _ body: (UnsafeRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) -> (omissions: DecodedImages.Omissions, pieceCounts: [Int]) {
    // Enough that the cores are idle for only a small part of the time at the end of a chunk.
    let enough = max(64, 16 * ProcessorCount.usable)
    let chunk = max(1, min(enough, Self.largestChunk / (imageByteCount * crop.largestCount)))
    var omissions = DecodedImages.Omissions()
    var pieceCounts: [Int] = []
    var joined: [UInt8] = []
    for first in stride(from: 0, to: names.count, by: chunk) {
      progress(.decoding(done: first, total: names.count))
      let outcomes = Parallel.map(first..<min(first + chunk, names.count)) { index in
        outcome(index, contents?[index])
      }
      joined.removeAll(keepingCapacity: true)
      for (index, outcome) in zip(first..., outcomes) {
        switch outcome {
        case .images(let images):
          for image in images { joined += image.bytes }
          pieceCounts.append(images.count)
        case .failure(let reason): omissions.failures.append(.init(index: index, reason: reason))
        case .toned: omissions.toned.append(index)
        case .changed: throw .changedFile(path: path(index))
        case .shortage(let error): throw .file(error)
        }
      }
      try joined.withUnsafeBufferPointer { (bytes) throws(DataError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
    return (omissions, pieceCounts)
  }

  /// Decodes files again that could not be decoded before. Returns the failures with their present reasons, or nil
  /// where one of the files can be decoded.
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
      bytes = try readOrdinaryFile(path)
    } catch {
      if error.isShortage { return .shortage(error) }
      return contents == nil ? .failure(error.description) : .changed
    }
    if let contents, (try? SHA256.hexadecimal(of: bytes)).map(FileContents.digest) != contents { return .changed }
    do {
      let images = try images(bytes, name: path)
      // By the part about the center, whatever the others are, so that every `crop` keeps the same photographs.
      return toned == .drop && TonalCurve(of: images.center).isGrayOrToned ? .toned : .images(images.parts)
    } catch {
      return .failure(error.description)
    }
  }

  /// Decodes, crops and resizes an image. Only one core at a time holds a very large one.
  private func images(_ bytes: [UInt8], name: String) throws(ImageError) -> (parts: [RGBImage], center: RGBImage) {
    do throws(ImageError) {
      return parts(of: try Photograph(encoded: bytes, name: name, pixelLimit: Self.largePixelCount).rgbImage)
    } catch {
      guard case .tooLarge = error else { throw error }
    }
    return try Self.largeImage.withLock { (_) throws(ImageError) in
      parts(of: try Photograph(encoded: bytes, name: name).rgbImage)
    }
  }

  private func parts(of photograph: RGBImage) -> (parts: [RGBImage], center: RGBImage) {
    let parts = crop.images(of: photograph, width: width, height: height)
    return (parts, parts.count == 1 ? parts[0] : photograph.filled(width: width, height: height))
  }

  /// Decodes all images into memory.
  /// - Throws: `DataError.imageSize` where they take more than `ImageDataset.byteLimit`.
  func decodeIntoMemory(progress: (ImageFolder.Progress) -> Void) throws(DataError) -> DecodedImages {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      try ImageDataset.byteCount(width: width, height: height, count: names.count * crop.leastCount))
    let limit = ImageDataset.byteLimit
    let (omissions, pieceCounts) = try decode(progress: progress) { (images) throws(DataError) in
      // A photograph may give several images.
      guard bytes.count + images.count <= limit else {
        throw .imageSize(
          width: width, height: height, count: (bytes.count + images.count) / imageByteCount, limit: limit)
      }
      bytes.append(contentsOf: images)
    }
    let digest = try withDataErrors { () throws(SHA256.Failure) in try SHA256.hexadecimal(of: bytes) }
    return DecodedImages(
      bytes: ImageBytes(bytes), sha256: digest, omissions: omissions, pieceCounts: crop == .center ? nil : pieceCounts,
      isFromCache: false)
  }
}

/// The decoded images of a folder, all of one size.
struct DecodedImages {
  /// A file that could not be decoded.
  struct Failure: Codable, Equatable {
    /// Index in the folder's names.
    let index: Int
    /// One line.
    let reason: String
  }

  /// The files of a folder that are left out.
  struct Omissions: Equatable {
    /// In ascending order.
    var failures: [Failure] = []
    /// Indices in the folder's names of gray and toned images, in ascending order; empty where they are kept.
    var toned: [Int] = []
  }

  let bytes: ImageBytes
  /// SHA-256 of `bytes`.
  let sha256: String
  let omissions: Omissions
  /// Number of images of each photograph that is not left out, in order; nil where each gives one.
  let pieceCounts: [Int]?
  let isFromCache: Bool
}
