import Foundation
import TestSupport

/// An HTTPS server on this machine, by the program `openssl`: for one file, and for redirects. Its certificate is its
/// own.
final class SecureServer {
  /// The name of the file on the server.
  static let file = "archive"
  /// Stands for the address of the file among `redirects`.
  static let itself = "itself"

  /// The address to which names are appended.
  let url: String
  /// The path of a file with the certificate.
  let certificate: String

  private static let program = "/usr/bin/openssl"
  private let folder: TemporaryFolder
  private let process: Process

  static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: program) }

  /// The error of a server that does not start.
  struct NotStarted: Error {
    let output: String
  }

  /// - Parameter redirects: The addresses that names on the server redirect to.
  init(_ contents: [UInt8], redirects: [String: String]) throws {
    // Without a proxy of the environment.
    setenv("no_proxy", "127.0.0.1", 1)
    folder = try TemporaryFolder()
    certificate = folder.path + "/certificate.pem"
    let (key, output) = (folder.path + "/key.pem", folder.path + "/output")
    let request = Self.process(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
      ], in: folder.path, output: FileHandle.nullDevice)
    try request.run()
    request.waitUntilExit()
    try Data().write(to: URL(filePath: output))
    process = Self.process(
      ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-HTTP"], in: folder.path,
      output: try FileHandle(forWritingTo: URL(filePath: output)))
    try process.run()
    let deadline = ContinuousClock.now + .seconds(20)
    var (text, port): (String, Int?)
    repeat {
      usleep(10_000)
      text = try String(contentsOfFile: output, encoding: .utf8)
      // `ACCEPT 127.0.0.1:34567`
      port = text.split(separator: "\n").first { $0.hasPrefix("ACCEPT") && text.hasSuffix("\n") }
        .flatMap { Int($0.split(separator: ":").last ?? "") }
    } while port == nil && process.isRunning && ContinuousClock.now < deadline
    guard let port else {
      Self.end(process)
      throw NotStarted(output: text)
    }
    url = "https://127.0.0.1:\(port)/"
    // With -HTTP, its files are whole responses.
    try write(Self.file, "200 OK\r\nContent-Length: \(contents.count)", contents)
    for (name, place) in redirects {
      let place = place == Self.itself ? url + Self.file : place
      try write(name, "302 Found\r\nLocation: \(place)\r\nContent-Length: 0", [])
    }
  }

  func stop() { Self.end(process) }

  private static func end(_ process: Process) {
    // The threads of the tests block other signals, and so does a process that they start.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private func write(_ name: String, _ header: String, _ body: [UInt8]) throws {
    try (Data("HTTP/1.0 \(header)\r\nConnection: close\r\n\r\n".utf8) + body).write(
      to: URL(filePath: "\(folder.path)/\(name)"))
  }

  private static func process(_ arguments: [String], in folder: String, output: FileHandle) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    return process
  }
}
