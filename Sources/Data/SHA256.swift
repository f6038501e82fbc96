import CCrypto
import Files
import Glibc

/// SHA-256 of bytes that come piece by piece, by OpenSSL's libcrypto.
struct SHA256: ~Copyable {
  private let context: OpaquePointer

  init() throws(DataError) {
    guard let context = EVP_MD_CTX_new() else { throw .library("EVP_MD_CTX_new") }
    guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      EVP_MD_CTX_free(context)
      throw .library("EVP_DigestInit_ex")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) throws(DataError) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else { throw .library("EVP_DigestUpdate") }
  }

  /// The digest as 64 hexadecimal digits.
  consuming func finish() throws(DataError) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw .library("EVP_DigestFinal_ex") }
    return Self.hexadecimal(digest)
  }

  private static func hexadecimal(_ digest: [UInt8]) -> String {
    digest.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }

  /// Digest of bytes in memory; nil where the library refuses to compute it.
  static func hexadecimal(of bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { hexadecimal(of: $0) }
  }

  /// Digest of bytes in memory; nil where the library refuses to compute it.
  static func hexadecimal(of bytes: UnsafeRawBufferPointer) -> String? {
    var digest = [UInt8](repeating: 0, count: 32)
    guard EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 else { return nil }
    return hexadecimal(digest)
  }

  /// Digest of a whole file.
  static func ofFile(_ path: String) throws(DataError) -> String {
    let digest = try SHA256()
    let file = try withDataErrors { () throws(FileError) in
      try FileDescriptor(readingOrdinaryFile: path)
    }
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try withDataErrors { () throws(FileError) in
        try piece.withUnsafeMutableBufferPointer { buffer throws(FileError) in
          try file.fill(UnsafeMutableRawBufferPointer(buffer))
        }
      }
      if count == 0 { break }
      try piece.withUnsafeBufferPointer { buffer throws(DataError) in
        try digest.update(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
      }
    }
    return try digest.finish()
  }
}
