import Files
import FoundationEssentials

/// The folder that a comparison is written to: a page, a picture, and the figures as JSON and CSV.
struct ComparisonFolder {
  let path: String

  /// The error of a folder with other contents.
  struct Occupied: Error, CustomStringConvertible {
    let path: String

    var description: String {
      "\(path): holds other files than an earlier comparison; name another folder, or write into it with --force"
    }
  }

  var page: String { "\(path)/index.html" }
  private var report: String { "\(path)/comparison.json" }

  /// - Parameter isForced: Whether other files in the folder are allowed.
  /// - Throws: `Occupied` where the folder is neither empty nor holds a comparison; `FileError` where it cannot be
  ///   written.
  init(_ path: String, isForced: Bool) throws {
    self.path = path
    try Folder.requireWritable(path)
    guard !isForced, Folder.exists(path), try !Folder.names(in: path).isEmpty else { return }
    guard holdsComparison else { throw Occupied(path: path) }
  }

  /// Largest size of a report, in bytes; a larger file is not one.
  private static let largestReport = 1 << 28

  private var holdsComparison: Bool {
    struct Report: Decodable {
      let format: String
    }
    guard let bytes = try? readOrdinaryFile(report, limit: Self.largestReport) else { return false }
    return (try? JSONDecoder().decode(Report.self, from: Data(bytes)))?.format == Comparison.formatName
  }

  /// Writes all files, or none.
  /// - Throws: `ImageError`, `FileError`.
  func write(_ comparison: Comparison) throws {
    // Names in tables and on the page are for people, and are text in UTF-8; the report keeps their bytes.
    func bytes(_ text: String) -> [UInt8] { [UInt8](text.writingOutPathBytes.utf8) }
    let files: [(path: String, bytes: [UInt8])] = [
      ("\(path)/comparison.png", try comparison.sheet.rendered().png()),
      (report, [UInt8]((try JSONReport.text(comparison) + "\n").utf8)),
      ("\(path)/comparison.csv", bytes(comparison.table.text)),
      ("\(path)/classes.csv", bytes(comparison.classTable.text)),
      ("\(path)/curves.csv", bytes(comparison.curves.table.text)),
      (page, bytes(try ComparisonPage(comparison).page.html.markup)),
    ]
    let existed = Folder.exists(path)
    try Folder.create(path)
    do {
      try AtomicFile.write(files)
    } catch {
      if !existed { Folder.remove(path) }
      throw error
    }
  }
}
