import CWebPage
import Files
import Glibc
import Report
import Server

/// The files of the page: those that are compiled in, under their names and no others. For work on the page,
/// `RECOLOR_PAGE` names a folder that has them instead, which is read at each request.
struct PageFiles: Sendable {
  struct Asset: Sendable {
    let type: String
    let bytes: [UInt8]
    /// Identifies the bytes.
    let tag: String

    init(type: String, bytes: [UInt8]) {
      self.type = type
      self.bytes = bytes
      tag = "\"\((try? SHA256.hexadecimal(of: bytes)).map { String($0.prefix(32)) } ?? "0")\""
    }
  }

  private let assets: [String: Asset]
  /// The folder of the files that are not compiled in; nil for none.
  private let folder: String?

  /// The first file of the page.
  static let index = "index.html"
  private static let largestFile = 1 << 24

  init() {
    var assets: [String: Asset] = [:]
    for index in 0..<web_page_file_count() {
      let file = web_page_file(index)
      assets[String(cString: file.name)] = Asset(
        type: String(cString: file.type), bytes: Array(UnsafeBufferPointer(start: file.start, count: file.count)))
    }
    assets["report.css"] = Asset(type: "text/css; charset=utf-8", bytes: ReportPage.style)
    assets["report.js"] = Asset(type: "text/javascript; charset=utf-8", bytes: ReportPage.script)
    self.assets = assets
    folder = getenv("RECOLOR_PAGE").map { String(path: $0) }
  }

  /// Returns the answer to a request for a file.
  func response(to request: WebRequest, name: String) throws -> WebResponse {
    guard var asset = assets[name] else { throw WebError.notFound() }
    if let folder, let bytes = try? readOrdinaryFile(Folder.path(of: name, in: folder), limit: Self.largestFile) {
      asset = Asset(type: asset.type, bytes: bytes)
    }
    if request.headers[.ifNoneMatch] == asset.tag { return .notModified(tag: asset.tag) }
    return WebResponse(asset.bytes, type: asset.type).tagged(asset.tag)
  }
}
