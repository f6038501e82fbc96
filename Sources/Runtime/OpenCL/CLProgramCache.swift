import CCrypto
import FoundationEssentials

/// Compiled programs on disk, so that a second start does not compile.
///
/// One file per program, named by the SHA-256 of everything the binary depends on; in it the SHA-256 of the binary, then
/// the binary. An entry that does not match its checksum is treated as absent and written anew; a folder that cannot be
/// written is as good as none.
public struct CLProgramCache {
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// `programs` in `$RECOLOR_CACHE`, else in `recolor` in `$XDG_CACHE_HOME` or `~/.cache`. None if `RECOLOR_CACHE` is
  /// set and empty, or if there is no home.
  public static func standard(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> CLProgramCache? {
    if let folder = environment["RECOLOR_CACHE"] {
      return folder.isEmpty ? nil : CLProgramCache(folder: folder + "/programs")
    }
    if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty {
      return CLProgramCache(folder: folder + "/recolor/programs")
    }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return CLProgramCache(folder: home + "/.cache/recolor/programs")
  }

  func key(source: String, options: String, device: CLDevice) -> String {
    let parts = [device.platformName, device.platformVersion, device.name, device.driverVersion, options, source]
    return sha256(Array(parts.joined(separator: "\0").utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  func binary(for key: String) -> [UInt8]? {
    guard let data = try? Data(contentsOf: URL(filePath: path(of: key))) else { return nil }
    let bytes = [UInt8](data)
    guard bytes.count > checksumByteCount else { return nil }
    let binary = Array(bytes[checksumByteCount...])
    return sha256(binary) == Array(bytes[..<checksumByteCount]) ? binary : nil
  }

  /// Writes under a temporary name and renames, so that another process never sees half an entry.
  func store(_ binary: [UInt8], for key: String) {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? Data(sha256(binary) + binary).write(to: URL(filePath: path(of: key)), options: .atomic)
  }

  func path(of key: String) -> String { "\(folder)/\(key).bin" }
}

private let checksumByteCount = 32

private func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: checksumByteCount)
  _ = EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
  return digest
}
