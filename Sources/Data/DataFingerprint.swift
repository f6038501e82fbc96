/// What tells one data set from another: a run goes on only with the photographs that it started with.
public struct DataFingerprint: Codable, Equatable, Sendable {
  public let imageCount: Int
  /// SHA-256 of all images' bytes, in 64 hexadecimal digits.
  public let sha256: String

  public init(of dataset: ImageDataset) throws(DataError) {
    imageCount = dataset.count
    if let known = dataset.sha256 {
      sha256 = known
      return
    }
    let digest = try SHA256()
    try dataset.bytes.withUnsafeBytes { (bytes) throws(DataError) in try digest.update(bytes) }
    sha256 = try digest.finish()
  }
}
