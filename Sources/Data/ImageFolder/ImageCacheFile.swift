import Files
import FoundationEssentials

/// A file of decoded images.
///
/// Its first 4,096 bytes hold `magic`, the length of the description as 8 bytes with the lowest first, and the description's
/// SHA-256 in hexadecimal digits; then come the images' bytes, and last the description, in JSON.
enum ImageCacheFile {
  private struct Description: Codable {
    let width: Int
    let height: Int
    /// Number of images.
    let count: Int
    /// Of the images' bytes.
    let sha256: String
    let failures: [DecodedImages.Failure]
  }

  private static let magic = Array("RCIMAGE1".utf8)
  /// A page, so that images begin with one when the file is mapped.
  private static let imagesStart = 4096
  private static let digestCount = 64

  /// Maps the images of a file; nil where there is none of images of this size, or any of its bytes is not what was written.
  static func read(_ path: String, width: Int, height: Int) -> DecodedImages? {
    guard Folder.holdsFile(path), let file = try? MappedFile(path: path), file.bytes.count >= imagesStart else {
      return nil
    }
    let header = Array(file.bytes[..<(magic.count + 8 + digestCount)])
    guard header.starts(with: magic) else { return nil }
    let length = header[magic.count..<magic.count + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.bytes.count - imagesStart) else { return nil }
    let imagesEnd = file.bytes.count - Int(length)
    let text = [UInt8](file.bytes[imagesEnd...])
    guard let digest = SHA256.hexadecimal(of: text), Array(digest.utf8) == header.suffix(digestCount),
      let description = try? JSONDecoder().decode(Description.self, from: Data(text)),
      description.width == width, description.height == height,
      let byteCount = try? ImageDataset.byteCount(
        width: width, height: height, count: description.count, limit: .max),
      byteCount == imagesEnd - imagesStart,
      SHA256.hexadecimal(of: UnsafeRawBufferPointer(rebasing: file.bytes[imagesStart..<imagesEnd]))
        == description.sha256
    else { return nil }
    return DecodedImages(
      bytes: ImageBytes(file, imagesStart..<imagesEnd), sha256: description.sha256, failures: description.failures,
      isFromCache: true)
  }

  /// Decodes a folder's images into a file, which appears under its name only when it is whole.
  /// - Parameter contents: what the folder's files must hold.
  /// - Throws: `DataError.file` where the file cannot be written; as `FolderDecoder.decode`.
  static func write(
    _ path: String, _ decoder: FolderDecoder, contents: [FileContents], progress: (ImageFolder.Progress) -> Void
  ) throws(DataError) {
    try withDataErrors { () throws(FileError) in
      try Folder.requireRoom(for: imagesStart + decoder.imageByteCount * decoder.names.count, path: path)
    }
    let file = try withDataErrors { () throws(FileError) in try AtomicFile(path: path) }
    let digest = try SHA256()
    var byteCount = 0
    let failures = try decoder.decode(contents: contents, progress: progress) { (images) throws(DataError) in
      try digest.update(images)
      try withDataErrors { () throws(FileError) in try file.overwrite(images, at: imagesStart + byteCount) }
      byteCount += images.count
    }
    let text: Data
    do {
      let encoder = JSONEncoder()
      // The same images give the same file.
      encoder.outputFormatting = .sortedKeys
      text = try encoder.encode(
        Description(
          width: decoder.width, height: decoder.height, count: byteCount / decoder.imageByteCount,
          sha256: try digest.finish(), failures: failures))
    } catch {
      throw .file(FileError(path: path, problem: "cannot be written", reason: "\(error)"))
    }
    guard let textDigest = SHA256.hexadecimal(of: Array(text)) else { throw .library("EVP_Digest") }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    let header = magic + length + textDigest.utf8
    do throws(FileError) {
      try Array(text).withUnsafeBufferPointer { bytes throws(FileError) in
        try file.overwrite(UnsafeRawBufferPointer(bytes), at: imagesStart + byteCount)
      }
      try header.withUnsafeBufferPointer { bytes throws(FileError) in
        try file.overwrite(UnsafeRawBufferPointer(bytes), at: 0)
      }
      try file.commit()
    } catch {
      throw .file(error)
    }
  }
}
