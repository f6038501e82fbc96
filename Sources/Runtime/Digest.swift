import CCrypto

/// SHA-256 of bytes in memory, by OpenSSL's libcrypto.
public enum Digest {
  static let byteCount = 32

  /// Nil where the library refuses to compute it.
  static func sha256(_ bytes: [UInt8]) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: byteCount)
    return EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil) == 1 ? digest : nil
  }

  /// 64 hexadecimal digits, of the parts with a zero byte between each two; nil where the library refuses to compute it.
  public static func sha256(of parts: [String]) -> String? {
    sha256(Array(parts.joined(separator: "\0").utf8))?.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
