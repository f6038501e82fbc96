import Files
import TestSupport
import Testing

@Suite("SHA-256")
struct SHA256Tests {
  /// The examples of FIPS 180-2, appendix B, and the digest of no bytes.
  @Test(
    "Digests are published ones",
    arguments: [
      ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
  func digestsArePublishedOnes(text: String, repetitions: Int, expected: String) throws {
    let bytes = Array(String(repeating: text, count: repetitions).utf8)
    #expect(try SHA256.hexadecimal(of: bytes) == expected)
    let digest = try SHA256.bytes(of: bytes)
    #expect(digest.count == SHA256.byteCount)
    #expect(digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
    var pieces = SHA256()
    for start in stride(from: 0, to: bytes.count, by: 999) {
      bytes[start..<min(start + 999, bytes.count)].withUnsafeBytes { pieces.update($0) }
    }
    #expect(try pieces.finish() == expected)
    let folder = try TemporaryFolder()
    try AtomicFile.write(bytes, to: "\(folder.path)/file")
    #expect(try SHA256.hexadecimal(ofFile: "\(folder.path)/file") == expected)
  }

  @Test("Parts are separated by zero bytes")
  func partsAreSeparatedByZeroBytes() throws {
    #expect(try SHA256.hexadecimal(of: ["a", "b"]) == SHA256.hexadecimal(of: Array("a\0b".utf8)))
    #expect(try SHA256.hexadecimal(of: ["a", "b"]) != SHA256.hexadecimal(of: ["ab"]))
  }

  @Test("Missing files are named")
  func missingFilesAreNamed() {
    #expect(throws: FileError(path: "/no/such", problem: "cannot be read", reason: "No such file or directory")) {
      try SHA256.hexadecimal(ofFile: "/no/such")
    }
  }
}
