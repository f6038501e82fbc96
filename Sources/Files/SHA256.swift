import CCrypto

/// The digest SHA-256 (FIPS 180-4) of bytes that arrive in pieces, by OpenSSL's libcrypto.
public struct SHA256: ~Copyable {
  /// libcrypto refused a call, which it does only where memory has run out.
  public struct Failure: Error, Equatable {}

  /// Bytes of a digest.
  public static let byteCount = 32

  private let context = EVP_MD_CTX_new()
  /// Whether no call was refused; `finish` throws otherwise.
  private var isValid: Bool

  /// Creates the digest of no bytes.
  public init() { isValid = context != nil && EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 }

  deinit { EVP_MD_CTX_free(context) }

  /// Appends `bytes` to the bytes that the digest is of.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    isValid = isValid && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
  }

  /// Returns the digest of all bytes as 64 hexadecimal digits.
  public consuming func finish() throws(Failure) -> String { Self.hexadecimal(try finishBytes()) }

  private consuming func finishBytes() throws(Failure) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Self.byteCount)
    guard isValid, EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw Failure() }
    return digest
  }

  private static func hexadecimal(_ digest: [UInt8]) -> String {
    digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Returns the digest of `bytes` as 32 bytes.
  public static func bytes(of bytes: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
    var digest = SHA256()
    digest.update(bytes)
    return try digest.finishBytes()
  }

  /// Returns the digest of `bytes` as 32 bytes.
  public static func bytes(of bytes: [UInt8]) throws(Failure) -> [UInt8] {
    try bytes.withUnsafeBufferPointer { bytes throws(Failure) in try Self.bytes(of: UnsafeRawBufferPointer(bytes)) }
  }

  /// Returns the digest of `bytes` as 64 hexadecimal digits.
  public static func hexadecimal(of bytes: UnsafeRawBufferPointer) throws(Failure) -> String {
    hexadecimal(try Self.bytes(of: bytes))
  }

  /// Returns the digest of `bytes` as 64 hexadecimal digits.
  public static func hexadecimal(of bytes: [UInt8]) throws(Failure) -> String {
    hexadecimal(try Self.bytes(of: bytes))
  }

  /// Returns the digest of the UTF-8 of `parts`, with a zero byte between each two, as 64 hexadecimal digits.
  public static func hexadecimal(of parts: [String]) throws(Failure) -> String {
    try hexadecimal(of: Array(parts.joined(separator: "\0").utf8))
  }

  /// Returns the digest of an ordinary file's bytes as 64 hexadecimal digits.
  public static func hexadecimal(ofFile path: String) throws(FileError) -> String {
    let file = try FileDescriptor(readingOrdinaryFile: path)
    var digest = SHA256()
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var count = piece.count
    while count > 0 {
      count = try piece.withUnsafeMutableBufferPointer { bytes throws(FileError) in
        let count = try file.fill(UnsafeMutableRawBufferPointer(bytes))
        digest.update(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]))
        return count
      }
    }
    do {
      return try digest.finish()
    } catch {
      throw FileError(path: path, problem: "cannot be read", reason: "no digest can be computed")
    }
  }
}
