import CCurl
import Files
import Glibc

/// A download of a file over HTTP or HTTPS by libcurl, resumed behind the bytes that exist already.
struct Download {
  let url: String
  /// Seconds without a byte after which the connection is given up.
  var patience = 60
  /// Number of new connections after ones that broke off behind some bytes.
  var retries = 5
  /// Seconds before a new connection.
  var retryDelay: UInt32 = 1
  /// A file with the certificates that servers are checked against; nil for the system's.
  var certificates: String?

  init(url: String) { self.url = url }

  /// The address as messages show it.
  private var shownURL: String { Self.withoutSecrets(url) }

  /// Returns an address without the user, the password and the query, which may be a key; for messages.
  static func withoutSecrets(_ url: String) -> String {
    let scheme = url.firstRange(of: "://").map { url[..<$0.upperBound] } ?? ""
    let rest = url[scheme.endIndex...]
    let place = rest.prefix { !"?#".contains($0) }
    let authority = place.prefix { $0 != "/" }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    return scheme + host + place[authority.endIndex...] + (place.endIndex < rest.endIndex ? "?…" : "")
  }

  /// Whether the connection is encrypted, so that no redirect may lead to one that is not.
  private var isSecure: Bool { url.hasPrefix("https://") }

  /// Whether libcurl is initialized, which is done once in a process.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Appends to `file` the missing bytes of the file at `url`; starts anew where the server does not support ranges.
  /// - Parameters:
  ///   - limit: Largest number of bytes; a larger file is an error.
  ///   - progress: Called at intervals with the number of bytes received, and that of the file where the server states
  ///     it.
  func run(into file: borrowing FileDescriptor, limit: Int, progress: (_ received: Int, _ total: Int?) -> Void)
    throws(DataError)
  {
    guard isSecure || url.hasPrefix("http://") else {
      throw .download(url: shownURL, reason: "the address does not start with https:// or http://")
    }
    guard Self.isReady else { throw .library("curl_global_init") }
    var attempt = 0
    while true {
      let before = try withDataErrors { () throws(FileError) in try file.byteCount() }
      do {
        return try transfer(into: file, from: before, limit: limit, progress: progress)
      } catch {
        guard case .interruptedDownload(_, let received, _) = error, received > before, attempt < retries else {
          throw error
        }
      }
      attempt += 1
      sleep(retryDelay)
    }
  }

  /// Receives bytes over one connection.
  private func transfer(
    into file: borrowing FileDescriptor, from start: Int, limit: Int, progress: (Int, Int?) -> Void
  ) throws(DataError) {
    guard let handle = curl_easy_init() else { throw .library("curl_easy_init") }
    defer { curl_easy_cleanup(handle) }
    var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    let status: CURLcode
    let failure: DataError?
    let responseCode: Int
    (status, failure, responseCode) = withoutActuallyEscaping(progress) { progress in
      let receiver = Receiver(
        handle: handle, url: shownURL, descriptor: file.rawValue, path: file.path, start: start, limit: limit,
        progress: progress)
      return errorText.withUnsafeMutableBufferPointer { text in
        let context = Unmanaged.passUnretained(receiver).toOpaque()
        recolor_curl_set_string(handle, CURLOPT_URL, url)
        recolor_curl_set_string(handle, CURLOPT_USERAGENT, "recolor")
        if start > 0 { recolor_curl_set_string(handle, CURLOPT_RANGE, "\(start)-") }
        recolor_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, text.baseAddress)
        recolor_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        recolor_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 1)
        recolor_curl_set_long(handle, CURLOPT_MAXREDIRS, 10)
        if let certificates { recolor_curl_set_string(handle, CURLOPT_CAINFO, certificates) }
        recolor_curl_set_long(handle, CURLOPT_FAILONERROR, 1)
        recolor_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT, 30)
        recolor_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        recolor_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, patience)
        recolor_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        recolor_curl_set_function(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
          guard let bytes, let context else { return 0 }
          let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
          return receiver.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }
        // An older libcurl than that of the build may not know how.
        var status = recolor_curl_allow_http_only(handle, isSecure ? 1 : 0)
        if status == CURLE_OK { status = withExtendedLifetime(receiver) { curl_easy_perform(handle) } }
        receiver.report()
        return (status, receiver.failure, recolor_curl_response_code(handle))
      }
    }
    if let failure { throw failure }
    if status == CURLE_OK { return }
    let text = String(decoding: errorText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let reason = text.isEmpty ? String(cString: curl_easy_strerror(status)) : text
    if status == CURLE_UNSUPPORTED_PROTOCOL, let place = recolor_curl_redirected_url(handle) {
      throw .download(url: shownURL, reason: refusal(toGoTo: String(cString: place)))
    }
    if start > 0 && responseCode == Self.rangeNotSatisfiable {
      // The server's file is shorter than the bytes here, which therefore are not its beginning.
      return try transfer(into: file, from: 0, limit: limit, progress: progress)
    }
    let received = try withDataErrors { () throws(FileError) in try file.byteCount() }
    if received > 0 && status != CURLE_HTTP_RETURNED_ERROR {
      throw .interruptedDownload(url: shownURL, received: received, reason: reason)
    }
    throw .download(url: shownURL, reason: reason)
  }

  private static let rangeNotSatisfiable = 416

  /// Returns why a redirect is not followed.
  private func refusal(toGoTo place: String) -> String {
    "the server redirects to \(Self.withoutSecrets(place)), which does not start with "
      + (isSecure ? "https:// as this address does" : "https:// or http://")
  }
}

/// Writes the bytes of one connection to the file.
private final class Receiver {
  private let handle: UnsafeMutableRawPointer
  private let url: String
  private let descriptor: Int32
  private let path: String
  private let limit: Int
  private let progress: (Int, Int?) -> Void
  private var received: Int
  private var total: Int?
  private var hasStarted = false
  private var lastReport = ContinuousClock.now
  /// The reason for ending the connection.
  private(set) var failure: DataError?

  init(
    handle: UnsafeMutableRawPointer, url: String, descriptor: Int32, path: String, start: Int, limit: Int,
    progress: @escaping (Int, Int?) -> Void
  ) {
    self.handle = handle
    self.url = url
    self.descriptor = descriptor
    self.path = path
    self.limit = limit
    self.progress = progress
    received = start
  }

  func report() { progress(received, total) }

  /// Writes bytes to the file; false ends the connection.
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if !hasStarted {
      hasStarted = true
      // 206: the requested range. Any other response is the whole file.
      if recolor_curl_response_code(handle) != 206 { received = 0 }
      let length = Int(recolor_curl_content_length(handle))
      total = length < 0 ? nil : received + length
      guard ftruncate(descriptor, off_t(received)) == 0, lseek(descriptor, off_t(received), SEEK_SET) >= 0 else {
        return fail(FileDescriptor.lastReason())
      }
    }
    guard received + bytes.count <= limit else {
      failure = .download(url: url, reason: "the server sends more than the \(limit) bytes of the published file")
      return false
    }
    var rest = bytes
    while !rest.isEmpty {
      let count = write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return fail(FileDescriptor.lastReason()) }
      received += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    if ContinuousClock.now - lastReport > .milliseconds(100) {
      lastReport = .now
      report()
    }
    return true
  }

  private func fail(_ reason: String) -> Bool {
    failure = .file(FileError(path: path, problem: "cannot be written", reason: reason))
    return false
  }
}
