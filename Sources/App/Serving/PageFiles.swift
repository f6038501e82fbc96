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
  /// The style of this page, and the style sheet that also has that of all pages of the program.
  private static let style = "app.css"
  private static let wholeStyle = "page.css"
  private static let largestFile = 1 << 24

  init() {
    var assets: [String: Asset] = [:]
    for index in 0..<web_page_file_count() {
      let file = web_page_file(index)
      assets[String(cString: file.name)] = Asset(
        type: String(cString: file.type), bytes: Array(UnsafeBufferPointer(start: file.start, count: file.count)))
    }
    self.assets = assets
    folder = getenv("RECOLOR_PAGE").map { String(path: $0) }
  }

  /// Returns the answer to a request for a file.
  func response(to request: WebRequest, name: String) throws -> WebResponse {
    guard let asset = asset(name) else { throw WebError.notFound() }
    if request.headers[.ifNoneMatch] == asset.tag { return .notModified(tag: asset.tag) }
    return WebResponse(asset.bytes, type: asset.type).tagged(asset.tag)
  }

  private func asset(_ name: String) -> Asset? {
    // One style sheet, since a page is not painted before it has all of them.
    if name == Self.wholeStyle {
      return asset(Self.style).map { Asset(type: $0.type, bytes: ReportPage.style + $0.bytes) }
    }
    guard let asset = assets[name] else { return nil }
    guard let folder, let bytes = try? readOrdinaryFile(Folder.path(of: name, in: folder), limit: Self.largestFile)
    else { return asset }
    return Asset(type: asset.type, bytes: bytes)
  }
}
