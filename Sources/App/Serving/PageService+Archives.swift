import Files
import Imaging
import Server
import Synchronization

/// The archives that pages have asked for, until they are fetched.
final class PageArchives: Sendable {
  struct Archive: Sendable {
    let session: String
    let parts: [(photograph: PagePhotograph, look: PageService.Look)]
    let form: PageService.FileForm
    let end: ContinuousClock.Instant
  }

  private let archives = Mutex<[String: Archive]>([:])
  private static let limit = 64
  /// How long an archive waits.
  static let patience = Duration.seconds(60)

  /// Adds an archive. Returns its name; nil where too many wait.
  func add(_ archive: Archive) -> String? {
    let id = String(WebServer.randomToken().prefix(16))
    return archives.withLock { archives in
      guard archives.count < Self.limit else { return nil }
      archives[id] = archive
      return id
    }
  }

  func take(_ id: String) -> Archive? { archives.withLock { $0.removeValue(forKey: id) } }

  func forgetOld() {
    let now = ContinuousClock.now
    archives.withLock { archives in archives = archives.filter { $0.value.end > now } }
  }
}

/// All colored photographs of a page in one file.
extension PageService {
  private struct Wish: Decodable {
    struct Part: Decodable {
      let id: String
      let strength: Float?
      let contrast: Float?
    }

    let format: String?
    let quality: Int?
    let photographs: [Part]
  }

  private struct Address: Encodable {
    let url: String
  }

  func archivesRequest(_ request: WebRequest, _ path: [String]) async throws -> WebResponse {
    let session = try session(of: request)
    guard let id = path.first else {
      guard request.method == .post else { throw WebError(.method, "this address is posted to") }
      let wish = try await decoded(Wish.self, of: request)
      let photographs = session.state.withLock { $0.photographs }
      let parts = try wish.photographs.map { part throws(WebError) in
        guard let photograph = photographs.first(where: { $0.id == part.id }) else {
          throw .notFound("a photograph is not there; it was removed")
        }
        let (_, model) = try Self.prediction(of: photograph)
        return (photograph, try Look(strength: part.strength, contrast: part.contrast, of: model))
      }
      guard !parts.isEmpty, parts.count <= limits.sessions.photographCount else {
        throw WebError.badRequest("an archive has from one to \(limits.sessions.photographCount) photographs")
      }
      let archive = PageArchives.Archive(
        session: session.id, parts: parts, form: try FileForm(format: wish.format, quality: wish.quality),
        end: .now + PageArchives.patience)
      guard let id = archives.add(archive) else { throw ServerBusy(seconds: 10) }
      return try WebResponse(json: Address(url: "/api/archives/\(id)?session=\(session.id)"), status: .created)
    }
    guard request.method == .get, path.count == 1 else { throw WebError.notFound() }
    let client = request.connection
    // An answer that has begun could not say so any more.
    try Self.goOn(for: client)
    guard let archive = archives.take(id), archive.session == session.id else {
      throw WebError.notFound("the archive was fetched, or waited too long")
    }
    return WebResponse(type: "application/zip") { writer in
      try await self.write(archive, for: client, to: &writer)
    }.saved(as: "recolor.zip")
  }

  /// Longest side of the pictures of an archive's sheet.
  private static let sheetImageSize = 320

  private func write(
    _ archive: PageArchives.Archive, for client: ClientConnection, to writer: inout WebWriter
  ) async throws {
    let zip = try ZipWriter()
    var names: Set<String> = []
    for (photograph, look) in archive.parts {
      let file = try await waitingForRoom(for: client) {
        try await coloredFile(of: photograph, look, archive.form, for: client)
      }
      let name = Self.unusedName(Self.savedName(photograph.name, archive.form.format), among: &names)
      try zip.begin(name, byteCount: file.byteCount)
      for part in file.parts {
        try zip.write(file.bytes(in: part))
        try await writer.write(zip.take())
      }
    }
    let sheet = try await waitingForRoom(for: client) { try await self.sheet(of: archive, for: client) }
    try zip.begin(Self.unusedName("sheet.png", among: &names), byteCount: sheet.count)
    try zip.write(sheet)
    try zip.finish()
    try await writer.write(zip.take())
  }

  /// Does work for an answer that has begun, which cannot be refused any more: it waits until there is room in the
  /// queue and for the files.
  private func waitingForRoom<Value>(
    for client: ClientConnection, _ work: () async throws -> Value
  ) async throws -> Value {
    while true {
      do {
        return try await work()
      } catch  where error is ServerBusy || error is FileBudget.NoRoom {
        try await Task.sleep(for: .seconds(1))
        try Self.goOn(for: client)
      }
    }
  }

  /// Returns a name that no other file of the archive has.
  private static func unusedName(_ name: String, among names: inout Set<String>) -> String {
    let end = name.lastIndex(of: ".") ?? name.endIndex
    var (candidate, number) = (name, 2)
    while !names.insert(candidate.lowercased()).inserted {
      candidate = "\(name[..<end])-\(number)\(name[end...])"
      number += 1
    }
    return candidate
  }

  /// Returns the sheet of an archive, a PNG file: the photographs as they were and colored, side by side.
  private func sheet(of archive: PageArchives.Archive, for client: ClientConnection) async throws -> [UInt8] {
    try await queue.perform(for: client) { _ in
      let rows = try archive.parts.map { photograph, look -> [RGBImage] in
        let (prediction, field) = try Self.prediction(of: photograph).0.load()
        let image = try Self.displayImage(of: photograph)
        let display = try Photograph(image, name: photograph.name)
        let scale = min(1, Double(Self.sheetImageSize) / Double(max(image.width, image.height)))
        let width = max(1, Int((Double(image.width) * scale).rounded()))
        let height = max(1, Int((Double(image.height) * scale).rounded()))
        let colored = try Photograph(
          prediction.colored(display, strength: look.strength, contrast: look.contrast, hints: field).rgbImage,
          name: photograph.name)
        return [display.resized(width: width, height: height), colored.resized(width: width, height: height)]
      }
      return try ContactSheet(headings: ["original", "colored"], rows: rows, gap: 8, textScale: 2).rendered().png()
    }
  }
}
