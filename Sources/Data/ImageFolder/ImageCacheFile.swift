import Files
import FoundationEssentials
import Imaging
import Runtime

/// A file of decoded images.
///
/// Its first 4,096 bytes hold `magic`, the length of the description as 8 bytes in little-endian order, and the
/// description's SHA-256 in hexadecimal digits; the images' bytes and the description, in JSON, follow.
enum ImageCacheFile {
  private struct Description: Codable {
    let width: Int
    let height: Int
    /// Number of images.
    let count: Int
    /// SHA-256 of the images' bytes.
    let sha256: String
    let failures: [DecodedImages.Failure]
    /// Nil in files of all images.
    let toned: [Int]?
    /// Number of images of each photograph; nil where each gives one.
    let pieceCounts: [Int]?

    /// Whether the numbers of the photographs' images are those of all images.
    var hasPossiblePieces: Bool {
      guard let pieceCounts else { return true }
      return pieceCounts.allSatisfy((1...RGBImage.largestTileCount).contains) && pieceCounts.reduce(0, +) == count
    }
  }

  private static let magic = Array("RCIMAGE1".utf8)
  /// The size of a page of memory, so that the images are aligned to pages when the file is mapped.
  private static let imagesStart = 4096
  private static let digestCount = 64

  /// Maps the images of a file. Returns nil where there is no file of images of this size, or it is damaged.
  static func read(_ path: String, width: Int, height: Int) -> DecodedImages? {
    guard CacheFolder.mayRead(path), let file = try? MappedFile(path: path), file.bytes.count >= imagesStart else {
      return nil
    }
    let header = Array(file.bytes[..<(magic.count + 8 + digestCount)])
    guard header.starts(with: magic) else { return nil }
    let length = header[magic.count..<magic.count + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.bytes.count - imagesStart) else { return nil }
    let imagesEnd = file.bytes.count - Int(length)
    let text = [UInt8](file.bytes[imagesEnd...])
    guard let digest = try? SHA256.hexadecimal(of: text), Array(digest.utf8) == header.suffix(digestCount),
      let description = try? JSONDecoder().decode(Description.self, from: Data(text)),
      description.width == width, description.height == height, description.hasPossiblePieces,
      let byteCount = try? ImageDataset.byteCount(
        width: width, height: height, count: description.count, limit: .max),
      byteCount == imagesEnd - imagesStart,
      let imagesDigest = try? SHA256.hexadecimal(
        of: UnsafeRawBufferPointer(rebasing: file.bytes[imagesStart..<imagesEnd])),
      imagesDigest == description.sha256
    else { return nil }
    return DecodedImages(
      bytes: ImageBytes(file, imagesStart..<imagesEnd), sha256: description.sha256,
      omissions: .init(failures: description.failures, toned: description.toned ?? []),
      pieceCounts: description.pieceCounts, isFromCache: true)
  }

  /// Decodes a folder's images into a file, which appears under its name only when it is complete.
  /// - Parameter contents: The expected contents of the folder's files.
  /// - Throws: `DataError.file` where the file cannot be written; the errors of `FolderDecoder.decode`.
  static func write(
    _ path: String, _ decoder: FolderDecoder, contents: [FileContents], progress: (ImageFolder.Progress) -> Void
  ) throws(DataError) {
    try withDataErrors { () throws(FileError) in
      try Folder.requireRoom(for: imagesStart + decoder.leastByteCount, path: path)
    }
    let file = try withDataErrors { () throws(FileError) in
      try AtomicFile(path: path, mode: 0o600, followingLinks: false)
    }
    var digest = SHA256()
    var byteCount = 0
    let (omissions, pieceCounts) = try decoder.decode(contents: contents, progress: progress) {
      (images) throws(DataError) in
      digest.update(images)
      try withDataErrors { () throws(FileError) in try file.overwrite(images, at: imagesStart + byteCount) }
      byteCount += images.count
    }
    let sha256: String
    do {
      sha256 = try digest.finish()
    } catch {
      throw .library(error.function)
    }
    let text: [UInt8]
    do {
      let encoder = JSONEncoder()
      // Sorted, so that the same images give the same file.
      encoder.outputFormatting = .sortedKeys
      text = try Array(
        encoder.encode(
          Description(
            width: decoder.width, height: decoder.height, count: byteCount / decoder.imageByteCount,
            sha256: sha256, failures: omissions.failures, toned: decoder.toned == .drop ? omissions.toned : nil,
            pieceCounts: decoder.crop == .center ? nil : pieceCounts)))
    } catch {
      throw .file(FileError(path: path, problem: "cannot be written", reason: "\(error)"))
    }
    let textDigest = try withDataErrors { () throws(SHA256.Failure) in try SHA256.hexadecimal(of: text) }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    let header = magic + length + textDigest.utf8
    do throws(FileError) {
      try file.overwrite(text, at: imagesStart + byteCount)
      try file.overwrite(header, at: 0)
      try file.commit()
    } catch {
      throw .file(error)
    }
  }
}
