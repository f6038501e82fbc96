/// What is in a file, as far as telling it from others goes.
enum FileContents: Equatable {
  /// SHA-256 of its bytes.
  case digest(String)
  /// It cannot be read, for this reason.
  case unreadable(String)
}
