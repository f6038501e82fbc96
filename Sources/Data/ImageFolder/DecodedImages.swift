/// The images of a folder, decoded and brought to one size.
struct DecodedImages {
  /// A file that is none of the images.
  struct Failure: Codable, Equatable {
    /// Place among the folder's names.
    let index: Int
    /// Why, in one line.
    let reason: String
  }

  let bytes: ImageBytes
  /// Of `bytes`.
  let sha256: String
  /// In ascending order.
  let failures: [Failure]
  let isFromCache: Bool
}
